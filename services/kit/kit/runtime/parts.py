"""What the composition of a service hands to those who answer: each part made once."""

from kit.contracts.clock import Clock
from kit.db.personal import KeyRing, Unsealed
from kit.db.store import Store
from kit.rpc.client import Client
from kit.runtime.settings import Settings
from kit.security.identity import Identity, TokenSource


class Parts:
    """Made from settings before anything connects.

    tokens: this service's own, None where it has no secret and so calls no neighbour.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = Clock(settings.clock_file)
        self.ring = KeyRing(settings.personal_keys, settings.hash_keys)
        self.store = Store(
            settings.database.get_secret_value(),
            service=settings.service,
            clock=self.clock,
            parts=settings.parts,
            vault=self.ring if settings.keeps_personal else Unsealed(),
            pool_size=settings.pool_size,
        )
        self.identity = Identity(
            issuer=settings.issuer, audience=settings.audience, keys_url=settings.keys_url
        )
        self.tokens: TokenSource | None = None
        if settings.token_url and settings.client_secret:
            self.tokens = TokenSource(
                token_url=settings.token_url,
                client_id=settings.service,
                client_secret=settings.client_secret.get_secret_value(),
            )
        self._clients: dict[str, Client] = {}

    def client(self, address: str) -> Client:
        """The neighbour at an address, with this service's own token; the same object for the same
        address.
        """
        if address not in self._clients:
            self._clients[address] = Client(address, token_source=self.tokens)
        return self._clients[address]

    async def close(self) -> None:
        """Closes every connection."""
        for client in self._clients.values():
            await client.close()
        if self.tokens is not None:
            await self.tokens.close()
        await self.identity.close()
        await self.store.close()
