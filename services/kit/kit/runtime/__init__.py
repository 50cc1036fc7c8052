"""One service as a process: settings, loops, timers, health, the drain."""
