"""Since the first release a schema only grows, so that the release before goes on; what must go,
goes a release later and declared.
"""

from pathlib import Path

import pytest
from expand_contract import faults, modules, revision_of

SERVICES = Path(__file__).parents[1] / "services"
# The last revision of each package in the first release; what came before, nobody ever ran while it
# changed.
FIRST = {
    "kit": "kit_2",
    "assessment": "assessment_restores",
    "subsidy": "subsidy_restores",
    "facility": "facility_restores",
    "dispatch": "dispatch_restores",
    "supervision": "supervision_restores",
    "datacenter": "datacenter_restores",
    "gateway": "gateway_restores",
}
MIGRATION = """
revision = "two"
down_revision = "one"
{declared}

def upgrade() -> None:
    {change}


def downgrade() -> None:
    pass
"""


def since_first(package: str) -> dict[str, str]:
    """Source by file name of the migrations after the first release."""
    folder = SERVICES / package / package
    if package == "kit":  # its migrations are one of its packages
        folder /= "db"
    sources = {path.name: path.read_text() for path in modules(folder)}
    before = dict(map(revision_of, sources.values()))
    assert FIRST[package] in before, (
        f"{package} has lost the revision of its first release, {FIRST[package]}"
    )
    old, revision = set(), FIRST[package]
    while revision:
        old.add(revision)
        revision = before[revision]
    return {name: source for name, source in sources.items() if revision_of(source)[0] not in old}


@pytest.mark.parametrize("package", FIRST)
def test_since_the_first_release_a_schema_only_grows(package: str) -> None:
    assert {
        name: found for name, source in since_first(package).items() if (found := faults(source))
    } == {}


def test_every_package_with_migrations_is_checked() -> None:
    folders = SERVICES.glob("*/**/migrations/versions")
    assert {path.relative_to(SERVICES).parts[0] for path in folders} == set(FIRST)


@pytest.mark.parametrize(
    "change",
    [
        'op.create_table("place", sa.Column("place", sa.String())); '
        'op.create_index("place_ix", "place", ["place"], unique=True)',
        'op.add_column("payment", sa.Column("place", sa.String(), nullable=True))',
        'op.add_column("payment", sa.Column("place", sa.String()))',
        'op.add_column("payment", sa.Column("tries", sa.Integer(), server_default="0", '
        "nullable=False))",
        'op.create_index("payment_ix", "payment", ["place"], postgresql_concurrently=True)',
        'op.execute("create table place (place text)")',
        'op.create_table("place", sa.Column("place", sa.String())); '
        'op.execute("insert into place (place) select place from payment")',
        'op.add_column("payment", sa.Column("place", sa.String())); '
        "op.execute(\"update payment set place = 'here' where tries = 1\")",
    ],
)
def test_what_the_release_before_does_not_notice_passes(change: str) -> None:
    assert faults(MIGRATION.format(declared="", change=change)) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ('op.drop_column("payment", "place")', "op.drop_column: only what is added"),
        ('op.drop_table("payment")', "op.drop_table: only what is added"),
        ('op.rename_table("payment", "paid")', "op.rename_table: only what is added"),
        (
            'op.alter_column("payment", "version", type_=sa.BigInteger())',
            "op.alter_column: only what is added",
        ),
        (
            'op.create_check_constraint("positive", "payment", "fen > 0")',
            "op.create_check_constraint: only what is added",
        ),
        ('op.create_index("payment_ix", "payment", ["place"])', "without postgresql_concurrently"),
        (
            'op.create_index("payment_ix", "payment", ["place"], unique=True, '
            "postgresql_concurrently=True)",
            "unique on payment",
        ),
        (
            'op.add_column("payment", sa.Column("place", sa.String(), nullable=False))',
            "place is not null",
        ),
        (
            'op.add_column("payment", sa.Column("at", sa.DateTime(), '
            'server_default=sa.text("now()")))',
            "computed for every row",
        ),
        ('op.execute("alter table payment drop column place")', "op.execute: alter table"),
        ("op.execute(STATEMENT)", "not written here"),
        ('op.execute("insert into payment (place) values (1)")', "op.execute: insert into payment"),
        (
            'op.add_column("payment", sa.Column("place", sa.String())); '
            'op.execute("update payment set place = 1, tries = 2")',
            "op.execute: update payment",
        ),
        ("downgrade()", "a helper"),
        ("migrations.restore_tables()", "migrations.restore_tables: only what is added"),
    ],
)
def test_what_the_release_before_would_notice_is_named(change: str, fault: str) -> None:
    (found,) = faults(MIGRATION.format(declared="", change=change))

    assert fault in found


def test_what_must_go_names_the_release_that_needed_it_no_more() -> None:
    dropped = 'op.drop_column("payment", "place")'

    assert faults(MIGRATION.format(declared='contract = "1.4"', change=dropped)) == []
    assert faults(MIGRATION.format(declared='contract = ""', change=dropped)) != []
