"""Incident rooms in Matrix, by a bot's access token.

Source: spec.matrix.org client-server API v1.11, read 2026-11-25; tried on Synapse 1.163.
"""

from tocsin.integrations.matrix.listening import MatrixSource
from tocsin.integrations.matrix.pages import MatrixPager
from tocsin.integrations.matrix.rooms import MatrixRooms
from tocsin.integrations.matrix.wire import MatrixWire

__all__ = ["MatrixPager", "MatrixRooms", "MatrixSource", "MatrixWire"]
