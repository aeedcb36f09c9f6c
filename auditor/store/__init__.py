"""Where scans are kept: SQLAlchemy on SQLite or PostgreSQL, and nothing of it outside this room."""

from auditor.store.locking import scan_at_work, scanning_alone
from auditor.store.opening import file_of, open_store
from auditor.store.repository import ScanSummary, Store
from auditor.store.sharing import SharedScan

__all__ = ["ScanSummary", "SharedScan", "Store", "file_of", "open_store", "scan_at_work", "scanning_alone"]
