"""What everything else speaks in: messages and rows, refusals, standards, areas, money, ids, instants."""
