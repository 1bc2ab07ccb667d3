"""The states in which a session and its engine can be."""

from enum import StrEnum


class Status(StrEnum):
    """Whether a run is going on."""

    IDLE = "idle"
    RUNNING = "running"
    STOPPING = "stopping"


class EngineState(StrEnum):
    """How the engine process is."""

    STARTING = "starting"
    READY = "ready"
    LOST = "lost"
