"""What is wrong whatever the ratios of the objectives say."""

from kit.observability import names
from observability.alert import Alert, greatest
from observability.slos import BY

SERVICES = ("assessment", "subsidy", "facility", "dispatch", "supervision", "datacenter", "gateway")
READING = SERVICES[1:]  # who reads a topic; assessment reads none
# A number with such a comment is one that a value of the chart may replace: `60 #
# outboxAgeSeconds`.
OUTBOX_AGE = "60 # outboxAgeSeconds"
FRESHNESS = "120 # freshnessSeconds"
DAY_S = 86_400

STALLED = "10m"
_PLACE = "group, topic, partition"
_PATIENCE_USED = f"{names.LOOP_AGE.prometheus} / {names.LOOP_PATIENCE.prometheus}"

DELIVERY = (
    Alert(
        "OutboxStalled",
        f"{greatest(names.OUTBOX_OLDEST.prometheus)} > {OUTBOX_AGE}",
        "2m",
        "critical",
        "The outbox of {{ $labels.service }} does not drain",
        "Its oldest message has waited {{ $value | humanizeDuration }}: what was committed "
        "is not said, and nobody knows of it.",
    ),
    Alert(
        "OutboxFailing",
        f"sum by ({BY}) (rate({names.OUTBOX_FAILED.prometheus}[10m])) > 0",
        "15m",
        "warning",
        "The relay of {{ $labels.service }} fails again and again",
        "{{ $value | humanize }} rounds a second fail: the broker refuses messages, is "
        "silent, or the database ends the connection.",
    ),
    Alert(
        "ConsumerGroupStalled",
        f"min by ({BY}, {_PLACE}) (min_over_time({names.CONSUMER_LAG.prometheus}[{STALLED}])) > 0\n"
        f"and\nmax by ({BY}, {_PLACE}) "
        f"(changes({names.CONSUMER_POSITION.prometheus}[{STALLED}])) == 0",
        "5m",
        "critical",
        "{{ $labels.group }} stands still in {{ $labels.topic }}",
        "Partition {{ $labels.partition }} has {{ $value | humanize }} records to read, "
        "and none was read for ten minutes.",
    ),
    Alert(
        "ConsumerBehind",
        f"{greatest(names.CONSUMER_BEHIND.prometheus, 'group', 'topic')} > {FRESHNESS}",
        "5m",
        "warning",
        "{{ $labels.group }} is behind in {{ $labels.topic }}",
        "What it knows of {{ $labels.topic }} is {{ $value | humanizeDuration }} old, and "
        "more is there to read.",
    ),
    *(
        Alert(
            "ConsumerMissing",
            f'absent({names.CONSUMER_POSITION.prometheus}{{service="{service}"}})',
            "10m",
            "critical",
            f"Nobody reads for {service}",
            f"No process tells where the group {service} is: it does not run, or has no database.",
            (("service", service),),
        )
        for service in READING
    ),
    Alert(
        "ParkedGrowing",
        f"sum by ({BY}) (increase({names.PARKED.prometheus}[10m])) > 20",
        "0m",
        "critical",
        "{{ $labels.service }} parks one event after the other",
        "{{ $value | humanize }} in ten minutes. The group stops by itself when 50 in a "
        "row, or a fifth of all, are parked.",
    ),
    Alert(
        "RecordsParked",
        f"{greatest(names.PARKED_NOW.prometheus, 'group', 'reason')} > 0",
        "10m",
        "warning",
        "{{ $labels.group }} has parked events",
        "{{ $value | humanize }} for the reason {{ $labels.reason }}; later events of the "
        "same keys wait behind them.",
    ),
    Alert(
        "RebalanceStorm",
        f"{greatest(f'increase({names.REBALANCED.prometheus}[15m])', 'group')} > 5",
        "5m",
        "warning",
        "{{ $labels.group }} deals its partitions again and again",
        "{{ $value | humanize }} times in 15 minutes: members come and go, or miss their "
        "heartbeats.",
    ),
)

PROCESSES = (
    *(
        Alert(
            "ServiceMissing",
            f'absent({names.BUILD.prometheus}{{service="{service}"}})',
            "5m",
            "critical",
            f"No process of {service} is seen",
            f"Nobody scrapes a process of {service}: it does not run, or the scraping is broken.",
            (("service", service),),
        )
        for service in SERVICES
    ),
    Alert(
        "ServiceNotReady",
        f"{greatest(names.READY.prometheus)} == 0",
        "5m",
        "critical",
        "No process of {{ $labels.service }} is ready",
        "None takes calls; each says why at GET /ready of its management port.",
    ),
    Alert(
        "ReplicaNotReady",
        f"{names.READY.prometheus} == 0",
        "15m",
        "warning",
        "A process of {{ $labels.service }} is not ready",
        "{{ $labels.instance }} says why at GET /ready of its management port.",
    ),
    Alert(
        "ServiceRestarting",
        f"sum by ({BY}) (changes({names.STARTED.prometheus}[30m])) > 3",
        "0m",
        "warning",
        "{{ $labels.service }} begins again and again",
        "{{ $value | humanize }} starts in half an hour; the last line of its log says why "
        "it ended.",
    ),
    Alert(
        "LoopStuck",
        f"{greatest(_PATIENCE_USED, 'loop')} > 1",
        "2m",
        "critical",
        "The loop {{ $labels.loop }} of {{ $labels.service }} makes no progress",
        "For {{ $value | humanize }} times as long as it may; the process is not live and "
        "should have been started anew.",
    ),
    Alert(
        "SchemaBehind",
        f"{greatest(names.SCHEMA_BEHIND.prometheus)} == 1",
        "10m",
        "critical",
        "The database of {{ $labels.service }} lacks a migration",
        "Its new processes wait for it, alive but not ready.",
    ),
    Alert(
        "MigrationFailed",
        'max by (namespace, job_name) (kube_job_status_failed{job_name=~".*-migrate.*"}) > 0\n'
        "unless\nmax by (namespace, job_name) "
        '(kube_job_status_succeeded{job_name=~".*-migrate.*"}) > 0',
        "0m",
        "critical",
        "The migration {{ $labels.job_name }} failed",
        "{{ $value | humanize }} of its pods failed: the release is not rolled out, and "
        "the one before goes on serving.",
    ),
    Alert(
        "VersionsMixed",
        f"count by (namespace) (count by (namespace, version) ({names.BUILD.prometheus})) > 1",
        "1h",
        "warning",
        "Two versions have run beside each other for an hour",
        "{{ $value | humanize }} versions run: a rollout has not ended.",
    ),
    Alert(
        "TimersStuck",
        f"{greatest(f'min_over_time({names.TIMERS_DUE.prometheus}[15m])')} > 0",
        "5m",
        "warning",
        "Timers of {{ $labels.service }} are due and do not fire",
        "{{ $value | humanize }} have been due for 15 minutes: one fails at each try, or "
        "there are more than can be fired.",
    ),
    Alert(
        "AuditUnsealed",
        f"{greatest(f'min_over_time({names.UNSEALED.prometheus}[15m])')} > 1000",
        "5m",
        "warning",
        "Audit records of {{ $labels.service }} are not sealed",
        "{{ $value | humanize }} records of access to personal data are not chained yet; "
        "until they are, nobody would notice a change.",
    ),
)

FIGURES = (
    Alert(
        "ProofDiffers",
        f"{greatest(names.PROOF_DIFFERENCES.prometheus)} > 0",
        "0m",
        "critical",
        "Figures of the board differ from the archive",
        "{{ $value | humanize }} figures of the newest proofs are not what a recount of "
        "all events gives.",
    ),
    Alert(
        "ProofMissing",
        f"{greatest(names.PROOF_AGE.prometheus)} > {2 * DAY_S}",
        "1h",
        "warning",
        "The board has not been proved for two days",
        "The newest proof is {{ $value | humanizeDuration }} old; one is made every day.",
    ),
    Alert(
        "CountsOutdated",
        f"{greatest(names.COUNTS_OUTDATED.prometheus)} > 0",
        "1h",
        "warning",
        "The board shows counts of another release",
        "For an hour they have not been made anew by the rules of the release that runs.",
    ),
)
