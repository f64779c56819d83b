"""`LocalStack`: mongod, a broker, topics and profiles, the services, in this order; and back in the other order."""

import asyncio
import itertools
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from deploy.kafka.grants import OPERATOR, SERVICE_PREFIX
from deploy.local import kafka, keys, mongo, monitoring, provision, secured, services, tansu
from deploy.local.component import Component, together
from deploy.local.config import StackConfig
from deploy.local.dedicated import Place
from deploy.local.drain import drain
from deploy.local.errors import StackError
from deploy.local.machine import HOST, check_ports, check_this_platform
from deploy.local.report import Report, silent
from deploy.local.secured import identity
from deploy.local.state import Lock
from shared.infra.clock import monotonic, wall_clock
from shared.infra.connections import kafka_options


class LocalStack:
    """A stack on this machine: `async with LocalStack(StackConfig(...)) as stack`.

    Start, restart and add components from the main thread: the kernel ends a child with the thread that made it.
    """

    def __init__(self, config: StackConfig, report: Report = silent) -> None:
        self.config = config
        self.env: dict[str, str] = {}
        self._report = report
        self._lock = Lock(config.run)
        self._infra: dict[str, Component] = {}
        self._services: dict[tuple[str, int], Component] = {}
        self._dedicated: dict[Place, int] = {}

    @property
    def bootstrap(self) -> str:
        """Return the broker's address."""
        return f"{HOST}:{self.config.ports.kafka}"

    @property
    def mongo_url(self) -> str:
        """Return the database's address, with the operator's password where one is asked for."""
        plain = mongo.url(self.config.ports.mongo)
        return identity.connection(self.config, OPERATOR).mongo_url if self.config.secure else plain

    def kafka_options(self, principal: str = OPERATOR) -> dict[str, Any]:
        """Return how a client of aiokafka in this process becomes that principal; nothing where nobody is asked."""
        return kafka_options(identity.connection(self.config, principal))

    @property
    def broker(self) -> Component:
        """Return the broker, whichever it is."""
        return self._infra["broker"]

    @property
    def mongo(self) -> Component:
        """Return mongod."""
        return self._infra["mongo"]

    def service(self, name: str, replica: int = 0) -> Component:
        """Return one replica of a service."""
        return self._services[name, replica]

    def replicas(self) -> Iterable[tuple[str, Component]]:
        """Return every replica with the name of its service."""
        return [(name, component) for (name, _), component in self._services.items()]

    def infra(self) -> list[Component]:
        """Return mongod, the broker and Prometheus, those of them that there are."""
        return list(self._infra.values())

    def components(self) -> list[Component]:
        """Return everything there is, in the order it was started."""
        return [*self._infra.values(), *self._services.values()]

    def url(self, name: str, replica: int = 0) -> str:
        """Return where a service answers HTTP."""
        return self.service(name, replica).url

    async def __aenter__(self) -> Self:
        """Start everything, or leave nothing behind."""
        try:
            await self.start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *exception: object) -> None:
        """End everything."""
        await self.stop()

    async def start(self) -> None:
        """Start everything.

        Raises:
            StackError: with a sentence that says what is in the way.
        """
        check_this_platform()
        self._lock.take()
        secured.check_kept_data(self.config)
        self.env = services.common_env(self.config, wall_clock())
        check_ports(self._all_ports())
        # A stack without profiles has no partners either, e.g. the broker and database of a test.
        folders = self.config.profile_folders() if self.config.provision else []
        keys.ensure_secrets(self.config.secrets, keys.partners(folders))
        secured.prepare(self.config, mongo.url(self.config.ports.mongo))
        self._write_client_env()
        await self._start_infra()
        if self.config.provision:
            await provision.apply(self.config, self.env, self._report)
        await self._start_services()
        await self._start_monitoring()

    def _write_client_env(self) -> None:
        """Leave the settings for whoever wants to talk to this stack from a shell."""
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in self.env.items()]
        keys.write_private(self._client_env, "".join(lines))

    @property
    def _client_env(self) -> Path:
        """The settings for a shell; gone when the stack has ended, for what they name is somebody else's by then."""
        return self.config.state / "client.env"

    def _all_ports(self) -> list[tuple[int, str]]:
        ports = self.config.ports
        wanted = [(ports.mongo, "mongod"), (ports.kafka, self.config.broker)]
        if self.config.broker == "kafka":
            wanted.append((ports.controller, "kafka"))
        wanted += [(ports.service(*one), services.label(*one)) for one in self._wanted_replicas()]
        if self.config.monitoring and monitoring.find():
            wanted.append((ports.prometheus, "prometheus"))
        return wanted

    def _wanted_replicas(self) -> list[tuple[str, int]]:
        config = self.config
        return [(name, replica) for name in config.services for replica in range(config.replicas.get(name, 1))]

    async def _start_infra(self) -> None:
        self._infra["mongo"] = Component(mongo.program(self.config), self.config.run)
        await together(self._begin(self._infra["mongo"]), self._start_broker())

    async def _start_broker(self) -> None:
        made = kafka.program if self.config.broker == "kafka" else tansu.program
        # In a thread: fetching and formatting for Kafka takes seconds, and mongod must not wait for it.
        self._infra["broker"] = Component(await asyncio.to_thread(made, self.config), self.config.run)
        await self._begin(self._infra["broker"])

    async def _start_services(self) -> None:
        made = [self._service(name, replica) for name, replica in self._wanted_replicas()]
        await together(*(self._begin(component) for component in made))

    def _service(self, name: str, replica: int, env: Mapping[str, str] | None = None, called: str = "") -> Component:
        own = identity.identity(self.config, f"{SERVICE_PREFIX}{name}")
        settings = {**self.env, **own, **(env or {})}
        program = services.program(self.config, name, replica, settings, called)
        self._services[name, replica] = Component(program, self.config.run)
        return self._services[name, replica]

    async def add_replica(self, name: str, env: Mapping[str, str] | None = None) -> Component:
        """Start one more replica of a service, e.g. with GW_DISTRICTS for one district only."""
        replica = self._free(name)
        component = self._service(name, replica, env)
        await self._begin(component)
        return component

    def _free(self, name: str) -> int:
        """Return the lowest number, and so port, that no replica of a service has."""
        return next(number for number in itertools.count() if (name, number) not in self._services)

    @property
    def dedicated(self) -> frozenset[Place]:
        """Return the workers for one district that there are."""
        return frozenset(self._dedicated)

    async def dedicate(self, wanted: frozenset[Place]) -> None:
        """Have these workers for one district and no others: end who is not wanted, launch who is missing, do not wait.

        Raises:
            PortTakenError: another program has a port of theirs.
        """
        gone = [(place.service, self._dedicated.pop(place)) for place in self.dedicated - wanted]
        await self._end([self._services.pop(one) for one in gone])
        for place in sorted(wanted - self.dedicated):
            replica = self._dedicated[place] = self._free(place.service)
            self._service(place.service, replica, {"GW_DISTRICTS": place.district}, place.label).launch()
        if self.config.monitoring:
            monitoring.write_targets(self.config, self.replicas())

    async def _start_monitoring(self) -> None:
        if not self.config.monitoring:
            return
        binary = monitoring.find()
        if binary is None:
            self._report(monitoring.HOW_TO_INSTALL)
            return
        program = monitoring.program(self.config, binary, self.replicas())
        self._infra["prometheus"] = Component(program, self.config.run)
        await self._begin(self._infra["prometheus"])

    async def _begin(self, component: Component) -> None:
        begun = monotonic()
        await component.start()
        self._report(f"{component.name} is ready on port {component.program.port} ({monotonic() - begun:.1f} s)")

    async def stop(self) -> None:
        """End everything in good order: services, Prometheus, broker, mongod. What does not go by itself is named."""
        if self.config.broker == "tansu" and self._services and not self.obituaries():
            await drain([component for _, component in self.replicas() if component.alive], self._report)
        await self._end(self._services.values())
        for part in ("prometheus", "broker", "mongo"):
            await self._end([self._infra[part]] if part in self._infra else [])
        if self.env:
            self._client_env.unlink(missing_ok=True)
        self._lock.release()

    async def _end(self, components: Iterable[Component]) -> None:
        running = [component for component in components if component.alive]
        for component, graceful in zip(running, await asyncio.gather(*(one.stop() for one in running)), strict=True):
            if not graceful:
                self._report(
                    f"{component.name} did not end within {component.program.stop_seconds:.0f} s and was killed"
                )

    def obituaries(self) -> list[StackError]:
        """Return an error for every component that ended by itself."""
        return [component.obituary() for component in self.components() if component.died]
