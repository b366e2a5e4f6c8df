//! The words that the house and the wire both have.
//!
//! Promise: a word that one side gets and the other lacks does not compile.

use api::ivs as wire;

/// Both directions between an enum of the house and its twin on the wire.
macro_rules! twins {
    ($($to_house:ident, $to_wire:ident: $house:ident = $twin:ident {
        $($name:ident = $other:ident),+ $(,)?
    })+) => {$(
        pub(crate) fn $to_house(word: wire::$twin) -> domain::$house {
            match word { $(wire::$twin::$other => domain::$house::$name),+ }
        }

        pub(crate) fn $to_wire(word: domain::$house) -> wire::$twin {
            match word { $(domain::$house::$name => wire::$twin::$other),+ }
        }
    )+};
}

twins! {
    latency_mode, wire_latency_mode: LatencyMode = ChannelLatencyMode { Normal = Normal, Low = Low }
    channel_type, wire_channel_type: ChannelType = ChannelType {
        Basic = Basic,
        Standard = Standard,
        AdvancedSd = AdvancedSd,
        AdvancedHd = AdvancedHd,
    }
    container_format, wire_container_format: ContainerFormat = ContainerFormat {
        Ts = Ts,
        FragmentedMp4 = FragmentedMp4,
    }
    multitrack_policy, wire_multitrack_policy: MultitrackPolicy = MultitrackPolicy {
        Allow = Allow,
        Require = Require,
    }
    multitrack_resolution, wire_multitrack_resolution: MultitrackResolution = MultitrackMaximumResolution {
        Sd = Sd,
        Hd = Hd,
        FullHd = FullHd,
    }
    thumbnail_mode, wire_thumbnail_mode: ThumbnailMode = RecordingMode {
        Disabled = Disabled,
        Interval = Interval,
    }
    thumbnail_resolution, wire_thumbnail_resolution: ThumbnailResolution = ThumbnailConfigurationResolution {
        Sd = Sd,
        Hd = Hd,
        FullHd = FullHd,
        LowestResolution = LowestResolution,
    }
    thumbnail_storage, wire_thumbnail_storage: ThumbnailStorage = ThumbnailConfigurationStorage {
        Sequential = Sequential,
        Latest = Latest,
    }
    rendition_selection, wire_rendition_selection: RenditionSelection = RenditionConfigurationRenditionSelection {
        All = All,
        None = None,
        Custom = Custom,
    }
    stream_health, wire_stream_health: StreamHealth = StreamHealth {
        Healthy = Healthy,
        Starving = Starving,
        Unknown = Unknown,
    }
    recorded_rendition, wire_recorded_rendition: RecordedRendition = RenditionConfigurationRendition {
        Sd = Sd,
        Hd = Hd,
        FullHd = FullHd,
        LowestResolution = LowestResolution,
    }
}

/// The states of a recording configuration are the house's to say.
pub(crate) fn wire_recording_state(word: domain::RecordingState) -> wire::RecordingConfigurationState {
    match word {
        domain::RecordingState::Creating => wire::RecordingConfigurationState::Creating,
        domain::RecordingState::CreateFailed => wire::RecordingConfigurationState::CreateFailed,
        domain::RecordingState::Active => wire::RecordingConfigurationState::Active,
    }
}

/// On the wire "" is a preset too: that of the channel types that have none.
pub(crate) fn preset(word: wire::TranscodePreset) -> Option<domain::Preset> {
    match word {
        wire::TranscodePreset::Unset => None,
        wire::TranscodePreset::HigherBandwidthDelivery => Some(domain::Preset::HigherBandwidth),
        wire::TranscodePreset::ConstrainedBandwidthDelivery => Some(domain::Preset::ConstrainedBandwidth),
    }
}

pub(crate) fn wire_preset(word: Option<domain::Preset>) -> wire::TranscodePreset {
    match word {
        None => wire::TranscodePreset::Unset,
        Some(domain::Preset::HigherBandwidth) => wire::TranscodePreset::HigherBandwidthDelivery,
        Some(domain::Preset::ConstrainedBandwidth) => wire::TranscodePreset::ConstrainedBandwidthDelivery,
    }
}
