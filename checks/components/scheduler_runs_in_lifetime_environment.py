from auditor.check import Environment, Purpose, Severity, Verdict, check, failed, passed, search


@check.per_environment(
    "COMP-005",
    severity=Severity.HIGH,
    sources=("SETUP", "LTSYNC"),
    purposes=frozenset({Purpose.LIFETIME}),
)
def scheduler_runs_in_lifetime_environment(environment: Environment) -> Verdict:
    """The scheduler runs in the LifeTime environment.

    ## Why it matters

    LifeTime does its work in processes and timers: synchronising environments, deploying, distributing users and
    rights. With a stopped scheduler the console looks healthy and does nothing.

    ## How it is decided

    The OutSystems Scheduler Service is running on at least one server of the LifeTime environment, by the state of
    the Windows service. None found fails only if every server was seen. Whether Service Center has switched the
    scheduler of a front-end off is not read yet.

    ## How to fix

    1. Start the OutSystems Scheduler Service on the LifeTime server and set it to Automatic.
    2. If it stops again, look at the event log: it needs the controller and the database.
    3. In LifeTime look whether the environments synchronise again.

    Effect on users: none; deployments that were waiting begin to run.

    ## References

    - Setting up OutSystems - https://github.com/OutSystems/docs-product/blob/main/src/setup-infra-platform/setup/intro.md
    - LifeTime synchronization is stuck - https://github.com/OutSystems/docs-support/blob/main/src/troubleshooting/application-lifecycle/lifetime/lifetime-sync-stuck.md
    """
    environment.find_servers()
    running = search(environment.platform_hosts, lambda host: host.role_reading.runs_scheduler)
    if not running.found:
        running.demand_complete_sight()
        return failed(
            f"No server of {environment.name} runs the scheduler.",
            expected="OutSystems Scheduler Service running on at least one server",
            found="running on none",
        )
    return passed(f"The scheduler of {environment.name} runs on {running.names}.")
