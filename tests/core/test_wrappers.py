"""The classes for Android and iOS: compiled, and the one for Android run, where there are compilers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tools.bundle.core import CORE
from tools.bundle.driver import Core

pytestmark = pytest.mark.slow
ANDROID = CORE / "examples" / "android"
PROGRAM = """
package edge

import java.io.RandomAccessFile
import java.nio.channels.FileChannel

fun main(arguments: Array<String>) {
    val file = RandomAccessFile(arguments[0], "r").channel
    val model = file.map(FileChannel.MapMode.READ_ONLY, 0, file.size())
    val samples = FloatArray(160000) { if (it / 8000 % 2 == 0) 0.1f * (it % 80) / 80f else 0f }
    val songs = EdgeSongs(model, live = true)
    for (first in 0 until samples.size step 1600) songs.accept(samples.copyOfRange(first, first + 1600))
    println(songs.finish().size)
    for (row in songs.recent(100)) println(row.joinToString(" "))
    try {
        songs.accept(samples)
    } catch (error: EdgeException) {
        println(error.message)
    }
    songs.close()
}
"""


def java_headers() -> Path | None:
    """The folder of jni.h of the Java that runs here."""
    program = shutil.which("javac")
    folder = Path(program).resolve().parents[1] / "include" if program else None
    return folder if folder and (folder / "jni.h").exists() else None


def test_the_class_for_android_labels_what_the_core_does(core: Core, tmp_path: Path) -> None:
    headers = java_headers()
    if headers is None or not shutil.which("kotlinc") or not shutil.which("gcc"):
        pytest.skip("needs a JDK, kotlinc and gcc")
    libraries = core.library.parent
    (tmp_path / "Main.kt").write_text(PROGRAM, encoding="utf-8")
    (tmp_path / "model").write_bytes(core.model)
    subprocess.run(
        ["kotlinc", ANDROID / "EdgeSongs.kt", tmp_path / "Main.kt", "-include-runtime",
         "-d", tmp_path / "app.jar"],
        check=True, capture_output=True,
    )  # fmt: skip
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", ANDROID / "edge_songs_jni.c", f"-I{CORE}",
         f"-I{headers}", f"-I{headers / 'linux'}", f"-L{libraries}", "-ledge_songs",
         f"-Wl,-rpath,{libraries}",
         "-o", tmp_path / "libedge_songs_jni.so"],
        check=True,
    )  # fmt: skip
    printed = subprocess.run(
        ["java", f"-Djava.library.path={tmp_path}", "-cp", tmp_path / "app.jar", "edge.MainKt",
         tmp_path / "model"],
        check=True, capture_output=True, text=True,
    ).stdout.splitlines()  # fmt: skip
    index = np.arange(160_000)
    samples = np.where(index // 8000 % 2 == 0, np.float32(0.1) * (index % 80) / np.float32(80), 0).astype(
        np.float32
    )
    recording = core.open(live=True)
    recording.accept(samples)
    recording.finish()
    assert printed[0] == str(len(recording.take()))
    shown = np.array([line.split() for line in printed[1:-1]], np.float32)
    np.testing.assert_allclose(shown, recording.frames()[-64:], atol=1e-6)
    assert printed[-1] == "edge_songs: status 7"


@pytest.mark.skipif(not shutil.which("swiftc"), reason="needs swiftc")
def test_the_class_for_ios_compiles(tmp_path: Path) -> None:
    for name in ("module.modulemap", "EdgeSongs.swift"):
        shutil.copy(CORE / "examples" / "ios" / name, tmp_path)
    shutil.copy(CORE / "edge_songs.h", tmp_path)
    subprocess.run(["swiftc", "-I", tmp_path, "-typecheck", tmp_path / "EdgeSongs.swift"], check=True)
