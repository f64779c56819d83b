"""What can go wrong with a stack on one machine; every message is a sentence that says what to do next."""

from pathlib import Path

DOCKER_WAY = "With Docker the same system runs on any platform: docker compose --profile core up"


class StackError(Exception):
    """The stack cannot start or go on; the message is for the person at the terminal."""


class UnsupportedPlatformError(StackError):
    """The programs inside the wheels are for another kind of machine."""

    def __init__(self, found: str) -> None:
        super().__init__(
            "The local stack brings mongod and a broker as programs for Linux x86_64 with glibc; "
            f"this is {found}.\n{DOCKER_WAY}"
        )


class MissingProgramError(StackError):
    """A program that the chosen way of running needs is not on this machine."""


class PortTakenError(StackError):
    """Another program listens where one of ours must."""

    def __init__(self, port: int, program: str) -> None:
        super().__init__(
            f"Port {port} is taken; {program} wanted it.\n"
            f"End the program that has it (ss -ltnp 'sport = :{port}'), "
            "or take other ports: the same command with --port-base 19000"
        )
        self.port = port
        self.program = program


class AlreadyRunningError(StackError):
    """One stack per state directory: two would write the same data."""

    def __init__(self, state: Path, pid: int | None) -> None:
        who = f" (process {pid})" if pid else ""
        super().__init__(
            f"A stack is already running in {state}{who}.\n"
            "gridwhistle status shows it, gridwhistle down ends it; a second one takes --state DIR --port-base N."
        )


class ComponentError(StackError):
    """A component ended by itself or did not get ready; says which, its last words and where the rest is."""

    def __init__(self, name: str, what: str, log: Path, last: list[str], hint: str = "") -> None:
        lines = "\n".join(f"  | {line}" for line in last) or "  | (it wrote nothing)"
        advice = f"\n{hint}" if hint else ""
        super().__init__(f"{name} {what}. Its last lines:\n{lines}\nThe whole log: {log}{advice}")
        self.component = name
