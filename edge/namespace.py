"""The public names of `edge`, and the modules that they are loaded from."""

from __future__ import annotations

MODULES: dict[str, tuple[str, ...]] = {
    "edge.cache": ("Cache",),
    "edge.captions.files": ("write_captions",),
    "edge.captions.live": (
        "LiveCaptions",
        "live_captions",
    ),
    "edge.captions.options": (
        "CaptionOptions",
        "LayoutOptions",
        "LiveOptions",
    ),
    "edge.captions.transcribe": (
        "CaptionResult",
        "transcribe",
    ),
    "edge.errors": (
        "EdgeError",
        "InputError",
        "MissingExtraError",
        "MissingRuntimeError",
        "ModelError",
        "NoAudioError",
        "OutputError",
        "UsageError",
    ),
    "edge.evidence.collect": (
        "Collector",
        "collect",
    ),
    "edge.evidence.excerpts": ("Excerpts",),
    "edge.evidence.export": ("write_labels",),
    "edge.evidence.face_track": (
        "FaceNetworks",
        "FaceTrack",
        "FaceTrackOptions",
    ),
    "edge.evidence.faces": ("FaceOptions",),
    "edge.evidence.fused": ("LabelEvidence",),
    "edge.evidence.key": ("Key",),
    "edge.evidence.labels": (
        "FrameLabels",
        "LabelCollector",
        "LabelTrack",
    ),
    "edge.evidence.motion.collect": (
        "MotionCollector",
        "collect_motion",
    ),
    "edge.evidence.motion.track": (
        "MotionTrack",
        "Transition",
    ),
    "edge.evidence.music_sound": ("MusicSound",),
    "edge.evidence.options": (
        "ExcerptOptions",
        "MotionOptions",
        "RecognitionOptions",
        "SpeechOptions",
        "TranscriptOptions",
    ),
    "edge.evidence.rhythm.collect": ("collect_rhythm",),
    "edge.evidence.rhythm.track": ("RhythmTrack",),
    "edge.evidence.segments": (
        "LabelResult",
        "LabelSegment",
        "label",
    ),
    "edge.evidence.speech.recognizers": (
        "RecognitionResult",
        "Recognizer",
        "open_recognizer",
    ),
    "edge.evidence.transcript": ("Transcript",),
    "edge.evidence.transcription": ("TranscriptCollector",),
    "edge.matching.add": (
        "AddedMusic",
        "add_music",
    ),
    "edge.matching.analysis": ("TrackAnalysis",),
    "edge.matching.arrange": (
        "Arrangement",
        "arrange",
    ),
    "edge.matching.explain": ("explain_match",),
    "edge.matching.index": (
        "IndexedTrack",
        "MusicIndex",
        "index_music",
    ),
    "edge.matching.match": (
        "MatchResult",
        "MatchedTrack",
        "match_music",
    ),
    "edge.matching.networks": ("MatchNetworks",),
    "edge.matching.options": ("MatchOptions",),
    "edge.matching.preview": ("preview_music",),
    "edge.media.read.audio": (
        "AudioBlock",
        "decode_audio",
    ),
    "edge.media.read.frames": (
        "Frame",
        "frames_at",
    ),
    "edge.media.read.probe": ("MediaInfo",),
    "edge.media.read.recording": (
        "Recording",
        "open_recording",
    ),
    "edge.media.read.report": ("DecodeReport",),
    "edge.media.write.concat": (
        "ConcatResult",
        "MediaRange",
        "concat",
    ),
    "edge.media.write.cut": (
        "CutResult",
        "cut",
    ),
    "edge.models.options": ("SessionOptions",),
    "edge.music.compose": (
        "Composition",
        "compose_music",
        "refine_music",
    ),
    "edge.music.history": (
        "MusicHistory",
        "load_music",
        "save_music",
    ),
    "edge.music.options": ("MusicOptions",),
    "edge.music.page": ("write_music_page",),
    "edge.music.plot": ("plot_music",),
    "edge.music.templates": (
        "Template",
        "open_templates",
    ),
    "edge.music.write": (
        "WrittenMusic",
        "write_music",
        "write_stems",
    ),
    "edge.networks.composer": ("Composer",),
    "edge.networks.segmenter": ("Segmenter",),
    "edge.quickcut.clean": (
        "CleanPlan",
        "CleanResult",
        "clean",
        "plan_clean",
    ),
    "edge.quickcut.marks": ("Item",),
    "edge.quickcut.options": (
        "CleanOptions",
        "CutOptions",
        "Level",
        "MarkOptions",
        "RepeatOptions",
    ),
    "edge.songs.cut": ("cut_songs",),
    "edge.songs.debug": ("write_debug_video",),
    "edge.songs.export": ("write_chapters",),
    "edge.songs.find": (
        "SongSearchResult",
        "find_songs",
    ),
    "edge.songs.live": ("live_songs",),
    "edge.songs.options": ("SongOptions",),
    "edge.songs.song": (
        "Song",
        "SongClip",
    ),
    "edge.tagging.explain": ("explain_tags",),
    "edge.tagging.library": (
        "TagEncoder",
        "TagLibrary",
        "open_library",
    ),
    "edge.tagging.networks": ("TagNetworks",),
    "edge.tagging.options": ("TagOptions",),
    "edge.tagging.tag": (
        "Tag",
        "TagResult",
        "tag",
    ),
    "edge.timeline.export": ("write_timeline",),
    "edge.timeline.timeline": (
        "Clip",
        "Timeline",
    ),
    "edge.vocabulary": (
        "Caption",
        "Label",
        "Progress",
        "Span",
        "Word",
    ),
}
"""Names by module."""
