"""What everything else speaks in: messages, rows, refusals, standards, money, ids, areas."""
