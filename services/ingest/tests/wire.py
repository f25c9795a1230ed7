"""A wire to Postgres that can be cut, or go dead without anybody noticing."""

import asyncio
from contextlib import asynccontextmanager, suppress

from sqlalchemy.engine import make_url


class Wire:
    def __init__(self, host, port):
        self._target = host, port
        self._writers = set()
        self._tasks = set()
        self._flows = asyncio.Event()
        self._flows.set()
        self._is_cut = False

    def cut(self):
        """Connections break, and nobody answers new ones."""
        self._is_cut = True
        for writer in self._writers:
            writer.transport.abort()

    def go_dead(self):
        """Nothing comes through any more, as if the other side had stopped."""
        self._flows.clear()

    def mend(self):
        self._is_cut = False
        self._flows.set()

    async def accept(self, reader, writer):
        self._tasks.add(asyncio.current_task())
        self._writers.add(writer)
        with suppress(OSError):
            if self._is_cut:
                return writer.transport.abort()
            far_reader, far_writer = await asyncio.open_connection(*self._target)
            self._writers.add(far_writer)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._carry(reader, far_writer))
                tasks.create_task(self._carry(far_reader, writer))
        return None

    async def _carry(self, reader, writer):
        with suppress(OSError):
            while piece := await reader.read(65536):
                await self._flows.wait()
                writer.write(piece)
                await writer.drain()
        writer.close()

    async def end(self):
        self.cut()
        self._flows.set()
        await asyncio.wait_for(asyncio.gather(*self._tasks), 5)


@asynccontextmanager
async def wire_to(database_url):
    """The wire, and the address of the database at its other end."""
    url = make_url(database_url)
    wire = Wire(url.host, url.port)
    async with await asyncio.start_server(wire.accept, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        try:
            yield wire, url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
        finally:
            await wire.end()
