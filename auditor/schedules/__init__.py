"""The planned scan in the words of each system that can start it: systemd, Windows Task Scheduler, cron."""
