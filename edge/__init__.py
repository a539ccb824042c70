"""Offline media understanding for small devices.

    for song in edge.find_songs("concert.mp4"):     # where somebody sings
        print(song.start, song.end)

    captions = edge.transcribe("talk.mp4")          # the speech as captions, with word timestamps
    edge.write_captions(captions, "talk.srt")

    edge.clean("talk.mp4", "clean.mp4")             # without blanks, fillers and repeated takes

Everything public is in this namespace and is loaded on first use, so that `import edge` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from edge import offline as _offline  # noqa: F401 - before any dependency is imported
from edge.namespace import MODULES
from edge.version import __version__ as __version__

if TYPE_CHECKING:
    from edge.analysis.analyze import analyze as analyze
    from edge.analysis.live import LiveAnalysisOptions as LiveAnalysisOptions
    from edge.analysis.live import LiveDrop as LiveDrop
    from edge.analysis.live import LiveEvent as LiveEvent
    from edge.analysis.live import live_analysis as live_analysis
    from edge.analysis.live_files import LiveFiles as LiveFiles
    from edge.analysis.networks import AnalysisNetworks as AnalysisNetworks
    from edge.analysis.options import AnalysisOptions as AnalysisOptions
    from edge.analysis.result import Analysis as Analysis
    from edge.analysis.write import write_analysis as write_analysis
    from edge.bench.measure import BenchOptions as BenchOptions
    from edge.bench.measure import measure_device as measure_device
    from edge.cache import Cache as Cache
    from edge.captions.burn import burn_captions as burn_captions
    from edge.captions.chapters import ChapterOptions as ChapterOptions
    from edge.captions.chapters import find_chapters as find_chapters
    from edge.captions.files import write_captions as write_captions
    from edge.captions.live import LiveCaptions as LiveCaptions
    from edge.captions.live import live_captions as live_captions
    from edge.captions.mux import mux_captions as mux_captions
    from edge.captions.options import CaptionOptions as CaptionOptions
    from edge.captions.options import LayoutOptions as LayoutOptions
    from edge.captions.options import LiveOptions as LiveOptions
    from edge.captions.transcribe import CaptionResult as CaptionResult
    from edge.captions.transcribe import transcribe as transcribe
    from edge.errors import EdgeError as EdgeError
    from edge.errors import InputError as InputError
    from edge.errors import MissingExtraError as MissingExtraError
    from edge.errors import MissingRuntimeError as MissingRuntimeError
    from edge.errors import ModelError as ModelError
    from edge.errors import NoAudioError as NoAudioError
    from edge.errors import OutputError as OutputError
    from edge.errors import UsageError as UsageError
    from edge.evidence.collect import Collector as Collector
    from edge.evidence.collect import collect as collect
    from edge.evidence.excerpts import Excerpts as Excerpts
    from edge.evidence.export import write_labels as write_labels
    from edge.evidence.face_track import FaceNetworks as FaceNetworks
    from edge.evidence.face_track import FaceTrack as FaceTrack
    from edge.evidence.face_track import FaceTrackOptions as FaceTrackOptions
    from edge.evidence.faces import FaceOptions as FaceOptions
    from edge.evidence.fused import LabelEvidence as LabelEvidence
    from edge.evidence.key import Key as Key
    from edge.evidence.labels import FrameLabels as FrameLabels
    from edge.evidence.labels import LabelCollector as LabelCollector
    from edge.evidence.labels import LabelTrack as LabelTrack
    from edge.evidence.live import LiveLabel as LiveLabel
    from edge.evidence.live import LiveLevel as LiveLevel
    from edge.evidence.motion.collect import MotionCollector as MotionCollector
    from edge.evidence.motion.collect import collect_motion as collect_motion
    from edge.evidence.motion.track import MotionTrack as MotionTrack
    from edge.evidence.motion.track import Transition as Transition
    from edge.evidence.music_sound import MusicSound as MusicSound
    from edge.evidence.options import ExcerptOptions as ExcerptOptions
    from edge.evidence.options import MotionOptions as MotionOptions
    from edge.evidence.options import RecognitionOptions as RecognitionOptions
    from edge.evidence.options import SpeechOptions as SpeechOptions
    from edge.evidence.options import TranscriptOptions as TranscriptOptions
    from edge.evidence.rhythm.collect import collect_rhythm as collect_rhythm
    from edge.evidence.rhythm.track import RhythmTrack as RhythmTrack
    from edge.evidence.segments import LabelResult as LabelResult
    from edge.evidence.segments import LabelSegment as LabelSegment
    from edge.evidence.segments import label as label
    from edge.evidence.speech.recognizer import RecognitionResult as RecognitionResult
    from edge.evidence.speech.recognizer import Recognizer as Recognizer
    from edge.evidence.speech.recognizers import open_recognizer as open_recognizer
    from edge.evidence.transcript import Transcript as Transcript
    from edge.evidence.transcription import TranscriptCollector as TranscriptCollector
    from edge.matching.add import AddedMusic as AddedMusic
    from edge.matching.add import add_music as add_music
    from edge.matching.analysis import TrackAnalysis as TrackAnalysis
    from edge.matching.arrange import Arrangement as Arrangement
    from edge.matching.arrange import arrange as arrange
    from edge.matching.explain import explain_match as explain_match
    from edge.matching.index import IndexedTrack as IndexedTrack
    from edge.matching.index import MusicIndex as MusicIndex
    from edge.matching.index import index_music as index_music
    from edge.matching.match import MatchedTrack as MatchedTrack
    from edge.matching.match import MatchResult as MatchResult
    from edge.matching.match import match_music as match_music
    from edge.matching.networks import MatchNetworks as MatchNetworks
    from edge.matching.options import MatchOptions as MatchOptions
    from edge.matching.preview import preview_music as preview_music
    from edge.media.read.audio import AudioBlock as AudioBlock
    from edge.media.read.audio import decode_audio as decode_audio
    from edge.media.read.frames import Frame as Frame
    from edge.media.read.frames import frames_at as frames_at
    from edge.media.read.limits import MediaLimits as MediaLimits
    from edge.media.read.limits import set_limits as set_limits
    from edge.media.read.live_input import LiveInput as LiveInput
    from edge.media.read.live_stream import StreamInput as StreamInput
    from edge.media.read.microphone import InputDevice as InputDevice
    from edge.media.read.microphone import Microphone as Microphone
    from edge.media.read.microphone import input_devices as input_devices
    from edge.media.read.pcm import PcmInput as PcmInput
    from edge.media.read.probe import MediaInfo as MediaInfo
    from edge.media.read.recording import Recording as Recording
    from edge.media.read.recording import open_recording as open_recording
    from edge.media.read.report import DecodeReport as DecodeReport
    from edge.media.write.burn import BurnResult as BurnResult
    from edge.media.write.captioned import SubtitledResult as SubtitledResult
    from edge.media.write.concat import ConcatResult as ConcatResult
    from edge.media.write.concat import MediaRange as MediaRange
    from edge.media.write.concat import concat as concat
    from edge.media.write.cut import CutResult as CutResult
    from edge.media.write.cut import cut as cut
    from edge.models.options import SessionOptions as SessionOptions
    from edge.music.compose import Composition as Composition
    from edge.music.compose import compose_music as compose_music
    from edge.music.compose import refine_music as refine_music
    from edge.music.history import MusicHistory as MusicHistory
    from edge.music.history import load_music as load_music
    from edge.music.history import save_music as save_music
    from edge.music.options import MusicOptions as MusicOptions
    from edge.music.page import write_music_page as write_music_page
    from edge.music.plot import plot_music as plot_music
    from edge.music.templates import Template as Template
    from edge.music.templates import open_templates as open_templates
    from edge.music.write import WrittenMusic as WrittenMusic
    from edge.music.write import write_music as write_music
    from edge.music.write import write_stems as write_stems
    from edge.networks.composer import Composer as Composer
    from edge.networks.segmenter import Segmenter as Segmenter
    from edge.quickcut.clean import CleanPlan as CleanPlan
    from edge.quickcut.clean import CleanResult as CleanResult
    from edge.quickcut.clean import clean as clean
    from edge.quickcut.clean import plan_clean as plan_clean
    from edge.quickcut.clips import CleanClip as CleanClip
    from edge.quickcut.clips import clean_clips as clean_clips
    from edge.quickcut.edits import edit_plan as edit_plan
    from edge.quickcut.edits import write_plan as write_plan
    from edge.quickcut.marks import Item as Item
    from edge.quickcut.options import CleanOptions as CleanOptions
    from edge.quickcut.options import CutOptions as CutOptions
    from edge.quickcut.options import Level as Level
    from edge.quickcut.options import MarkOptions as MarkOptions
    from edge.quickcut.options import RepeatOptions as RepeatOptions
    from edge.songs.cut import cut_songs as cut_songs
    from edge.songs.debug import write_debug_video as write_debug_video
    from edge.songs.export import write_chapters as write_chapters
    from edge.songs.find import SongSearchResult as SongSearchResult
    from edge.songs.find import find_songs as find_songs
    from edge.songs.live import live_songs as live_songs
    from edge.songs.options import SongOptions as SongOptions
    from edge.songs.song import Song as Song
    from edge.songs.song import SongClip as SongClip
    from edge.tagging.explain import explain_tags as explain_tags
    from edge.tagging.library import TagEncoder as TagEncoder
    from edge.tagging.library import TagLibrary as TagLibrary
    from edge.tagging.library import open_library as open_library
    from edge.tagging.networks import TagNetworks as TagNetworks
    from edge.tagging.options import TagOptions as TagOptions
    from edge.tagging.tag import Tag as Tag
    from edge.tagging.tag import TagResult as TagResult
    from edge.tagging.tag import tag as tag
    from edge.text.chapters import write_chapter_list as write_chapter_list
    from edge.timeline.export import write_timeline as write_timeline
    from edge.timeline.timeline import Clip as Clip
    from edge.timeline.timeline import Timeline as Timeline
    from edge.vocabulary import Caption as Caption
    from edge.vocabulary import Chapter as Chapter
    from edge.vocabulary import Label as Label
    from edge.vocabulary import Progress as Progress
    from edge.vocabulary import Span as Span
    from edge.vocabulary import Word as Word

_HOME = {name: module for module, names in MODULES.items() for name in names}

__all__ = ["__version__", *_HOME]  # noqa: PLE0604 - the names of the table


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'edge' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
