"""Has a text spoken by the command an installation names; without one there is no voice.

The command is started without a shell, gets the text on its standard input and answers with a WAV
file on its standard output. `{language}` in it becomes `ru` or `en`.
"""

import asyncio
import logging
import shlex

from vyzov.web.problems import Problem

log = logging.getLogger(__name__)

SPEAKS_S = 60.0
"""How long, in seconds, a voice may take."""


async def spoken(command: str, text: str, language: str, *, bytes_max: int) -> bytes:
    """Returns what the voice says, or raises a Problem that says why it did not."""
    words = [word.replace("{language}", language) for word in shlex.split(command)]
    if not words:
        raise Problem("voice_off")
    try:
        voice = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError as error:
        log.exception("the voice %s does not start", words[0])
        raise Problem("voice_failed") from error
    try:
        async with asyncio.timeout(SPEAKS_S):
            sound = await _talk(voice, text.encode(), bytes_max)
    except TimeoutError as error:
        log.exception("the voice %s was not done after %.0f s", words[0], SPEAKS_S)
        raise Problem("voice_failed") from error
    finally:
        if voice.returncode is None:
            voice.kill()
            await voice.wait()
    if voice.returncode:
        log.error("the voice %s ended with status %d", words[0], voice.returncode)
        raise Problem("voice_failed")
    return sound


async def _talk(voice: asyncio.subprocess.Process, text: bytes, bytes_max: int) -> bytes:
    assert voice.stdin is not None, "it is a pipe"
    assert voice.stdout is not None, "it is a pipe"
    try:
        voice.stdin.write(text)
        await voice.stdin.drain()
        voice.stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        pass  # It may know what to say without reading to the end; its status tells.
    pieces: list[bytes] = []
    size = 0
    while piece := await voice.stdout.read(65_536):
        size += len(piece)
        if size > bytes_max:
            log.error("the voice said more than %d bytes", bytes_max)
            raise Problem("voice_failed")
        pieces.append(piece)
    await voice.wait()
    return b"".join(pieces)
