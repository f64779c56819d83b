"""What a stack is asked to be: where, which broker, which ports, which time. Plain values, no process in sight."""

import pkgutil
from pathlib import Path
from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

import services

ROOT = Path(__file__).resolve().parents[2]
STATE = ROOT / ".local"

# The order of the flow, which is the order of their ports; a service that is not named here comes after these.
FLOW = ("intake", "router", "escalation", "notifier")
REPLICA_STEP = 10


def all_services() -> tuple[str, ...]:
    """Return the services there are, in the order of the flow."""
    found = {module.name for module in pkgutil.iter_modules(services.__path__)}
    runnable = {name for name in found if (ROOT / "services" / name / "main.py").is_file()}
    return (*(name for name in FLOW if name in runnable), *sorted(runnable - set(FLOW)))


class Value(BaseModel):
    """Frozen, and strict about names: a misspelt option is an error and not a default."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Ports(Value):
    """Where everything listens, on 127.0.0.1."""

    kafka: int = 9092
    controller: int = 9093
    mongo: int = 27017
    prometheus: int = 9090
    smtp: int = 8025
    http: int = 8080

    @classmethod
    def at(cls, base: int | None) -> "Ports":
        """Return the well-known ports, or a block of a hundred from `base` on, so that two stacks run side by side."""
        if base is None:
            return cls()
        return cls(kafka=base, controller=base + 1, mongo=base + 2, prometheus=base + 3, smtp=base + 4, http=base + 10)

    def service(self, name: str, replica: int = 0) -> int:
        """Return the HTTP port of a replica: 8081 for the first intake, 8091 for its second."""
        names = all_services()
        place = names.index(name) if name in names else len(names)
        return self.http + 1 + place + REPLICA_STEP * replica


class VirtualClock(Value):
    """Domain time was `start` at the real instant `origin` (None: when the stack starts), and runs at `rate`."""

    start: AwareDatetime
    origin: AwareDatetime | None = None
    rate: float = Field(gt=0)


class StackConfig(Value):
    """One stack on this machine. Every path below `state` belongs to it alone; `cache` may be shared."""

    state: Path = STATE
    cache: Path = STATE
    broker: Literal["tansu", "kafka"] = "tansu"
    port_base: int | None = Field(default=None, ge=1024, le=65_400)
    districts: tuple[str, ...] = ()
    profiles: Path = ROOT / "deploy" / "districts"
    services: tuple[str, ...] = Field(default_factory=all_services)
    replicas: dict[str, int] = Field(default_factory=dict)
    provision: bool = True
    mongo_cache_gb: float = Field(default=0.5, ge=0.25, description="of memory, which a few cases do not need")
    partitions: int | None = Field(default=None, ge=1, description="of every topic; the usual number when left out")
    monitoring: bool = False
    secure: bool = Field(default=False, description="broker and database ask everybody who they are")
    mode: Literal["live", "demo", "replay"] = "live"
    clock: VirtualClock | None = None
    env: dict[str, str] = Field(default_factory=dict, description="more settings for the services")

    @model_validator(mode="after")
    def _tansu_asks_nobody(self) -> Self:
        if self.secure and self.broker != "kafka":
            raise ValueError("only Apache Kafka can be secured: broker kafka")
        return self

    @property
    def ports(self) -> Ports:
        """Return where this stack listens."""
        return Ports.at(self.port_base)

    @property
    def secrets(self) -> Path:
        """Return the directory of the generated keys."""
        return self.state / "secrets"

    @property
    def logs(self) -> Path:
        """Return the directory of the logs, one file a component."""
        return self.state / "logs"

    @property
    def run(self) -> Path:
        """Return the directory of the lock, the process ids and state.json."""
        return self.state / "run"

    def profile_folders(self) -> list[Path]:
        """Return the district profiles this stack is to serve."""
        found = sorted(path for path in self.profiles.glob("*") if path.is_dir() and path.name.isdigit())
        return [path for path in found if not self.districts or path.name in self.districts]
