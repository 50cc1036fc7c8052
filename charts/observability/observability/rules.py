"""The files of rules: recorded ratios of the objectives, their burn rates, and the alerts."""

from observability.alert import Alert, Group, Rule
from observability.alerts import DELIVERY, FIGURES, PROCESSES
from observability.slos import BURNS, HOURS, LEAST, PATIENCE, SLOS, WINDOWS, Burn, Slo


def recorded(slo: Slo) -> list[Rule]:
    """The ratio in each window, and how many there were in the long ones."""
    ratios = [
        {"record": slo.ratio(window), "expr": f"{slo.bad(window)}\n/\n{slo.all(window)}"}
        for window in WINDOWS
    ]
    return ratios + [{"record": slo.rate(window), "expr": slo.all(window)} for window in HOURS]


def burning(slo: Slo, severity: str) -> Alert:
    """The budget burns too fast, in one of the pairs of windows of this severity."""

    def pair(burn: Burn) -> str:
        limit = f"{burn.factor:g} * {slo.budget}"
        return (
            f"{slo.ratio(burn.long)} > {limit}\nand {slo.ratio(burn.short)} > {limit}\n"
            f"and {slo.rate(burn.long)} * {HOURS[burn.long] * 3600} > {LEAST}"
        )

    return Alert(
        slo.alert,
        "\nor\n".join(pair(burn) for burn in BURNS if burn.severity == severity),
        PATIENCE[severity],
        severity,
        f"{slo.title} of {{{{ $labels.service }}}}: the error budget burns too fast",
        f"Promised: {100 * slo.objective:g} % of {slo.promise}, in 30 days. {{{{ $value | "
        f"humanizePercentage }}}} are not.",
    )


def files() -> dict[str, list[Group]]:
    """Groups of rules by the name of the file they stand in."""
    severities = ("critical", "warning")
    return {
        "slo": [
            *(
                {
                    "name": f"eldercare-slo-{slo.name.replace('_', '-')}",
                    "interval": "1m",
                    "rules": recorded(slo),
                }
                for slo in SLOS
            ),
            {
                "name": "eldercare-slo-alerts",
                "rules": [burning(slo, severity).rule() for slo in SLOS for severity in severities],
            },
        ],
        "alerts": [
            {"name": f"eldercare-{name}", "rules": [alert.rule() for alert in alerts]}
            for name, alerts in (
                ("delivery", DELIVERY),
                ("processes", PROCESSES),
                ("figures", FIGURES),
            )
        ],
    }
