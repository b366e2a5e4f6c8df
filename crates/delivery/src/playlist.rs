//! Playlist text from a snapshot.
//!
//! Promise: a media playlist is rendered once for each snapshot and form, whoever asks and however many, and
//! compressed once; the bytes are shared. It names no viewer.

mod history;
mod media_text;
mod multivariant;

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use live::{Rendering, Snapshot};

use crate::feed::Feed;

pub(crate) use multivariant::{Viewing, multivariant};

/// Which low latency a media playlist is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Form {
    /// Parts, and for whoever knows them segments to be prefetched.
    Low,
    /// Segments to be prefetched, as the IVS player knows them from the real service.
    Prefetch,
    /// None.
    Plain,
}

impl Form {
    /// What the playlist of this form is called, in each rendition.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Self::Low => "index.m3u8",
            Self::Prefetch => "prefetch.m3u8",
            Self::Plain => "plain.m3u8",
        }
    }
}

/// A media playlist; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Text(Arc<Rendering>);

impl Text {
    /// As it was written.
    pub(crate) fn plain(&self) -> &Bytes {
        &self.0.plain
    }

    /// Compressed.
    pub(crate) fn gzip(&self) -> &Bytes {
        self.0.gzip.get_or_init(|| media_text::gzip(&self.0.plain))
    }

    /// As it is sent.
    pub(crate) fn bytes(&self, squeezed: bool) -> &Bytes {
        if squeezed { self.gzip() } else { self.plain() }
    }

    /// Where heads of answers that hold it are kept.
    pub(crate) fn heads(&self) -> &[OnceLock<Bytes>; 4] {
        &self.0.heads
    }

    /// Sixteen characters that change with the text; no quotes around them.
    pub(crate) fn tag(&self) -> &Bytes {
        &self.0.tag
    }
}

/// The media playlist in one form. With `skip` a low-latency one is a delta update, if there is something to
/// skip and the stream goes on.
pub(crate) fn text(feed: &Feed, snapshot: &Snapshot, form: Form, skip: bool) -> Text {
    let texts = &snapshot.texts;
    let (place, skip): (&OnceLock<_>, bool) = match form {
        Form::Low if skip && !snapshot.ended => (&texts.delta, true),
        Form::Low => (&texts.low, false),
        Form::Prefetch => (&texts.prefetch, false),
        Form::Plain => (&texts.plain, false),
    };
    Text(Arc::clone(place.get_or_init(|| Arc::new(media_text::render(feed, snapshot, form, skip)))))
}

/// The playlist of a public channel for who has a pass of the house: media are below that, as those of private
/// channels are. Few ask for it, so it is written for each.
pub(crate) fn below(feed: &Feed, text: &Text) -> Text {
    Text(Arc::new(media_text::below(feed, text.plain())))
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::Ipv4Addr;
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use domain::{Arn, ChannelType, ContainerFormat, MultitrackResolution, StreamId};
    use flate2::read::GzDecoder;
    use live::{
        Airing, Audience, Broadcast, History, Hub, Init, Part, Publisher, RenditionSound, RenditionTerms,
        RingLimits, Segment, Shelf, Terms, Texts,
    };
    use media::Ticks;
    use serde_json::Value;
    use testkit::Film;

    use super::*;
    use crate::error::Error;
    use crate::pass::Mint;

    fn start() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_790_000_000)
    }

    fn on_air(airing: impl Into<Airing>) -> Publisher {
        let channel = Arn::parse("arn:aws:ivs:us-east-1:123456789012:channel/abcdABCD0123");
        let stream = StreamId::mint(&mut |bytes| bytes.fill(1));
        let hub = Hub::new(RingLimits::default());
        hub.publish(&channel.expect("well-formed"), stream, airing, start()).expect("a free channel")
    }

    /// Twenty segments of a second in one part, the first of them numbered 3.
    fn snapshot(ended: bool) -> Snapshot {
        let seconds = |count: i64| Ticks::new(count * Ticks::PER_SECOND);
        let init =
            Init { number: 0, data: Bytes::from_static(b"init"), tracks: Arc::new(Film::default().tracks()) };
        let init = Arc::new(init);
        let part = Part { data: Bytes::from_static(b"part"), duration: seconds(1), independent: true };
        let segment = |number: u64| Segment {
            number,
            init: Arc::clone(&init),
            discontinuity: false,
            time: start() + Duration::from_secs(number),
            duration: seconds(1),
            parts: Arc::from([part.clone()]),
        };
        Snapshot {
            terms: Terms {
                part_target: seconds(1),
                target_duration: 1,
                part_hold_back: Ticks::from_millis(3_500),
                hold_back: seconds(3),
                can_skip_until: seconds(6),
                frame_rate: Some(30.0),
                container: ContainerFormat::FragmentedMp4,
            },
            history: History::default(),
            listed: (3..23).map(|number| Arc::new(segment(number))).collect(),
            retired: Arc::from([]),
            open: None,
            discontinuity_sequence: 0,
            time: start() + Duration::from_millis(23_456),
            closing: false,
            ended,
            texts: Texts::default(),
        }
    }

    fn terms(name: &str, lines: Option<u32>) -> RenditionTerms {
        RenditionTerms {
            name: name.to_owned(),
            label: name.to_owned(),
            bandwidth: 1_000,
            lines,
            frame_rate: None,
            sound: RenditionSound::Own,
        }
    }

    fn shelve(shelf: &Shelf, snapshot: Snapshot) {
        shelf.writer().expect("the first writer").put(Arc::new(snapshot));
    }

    fn plain(broadcast: &Arc<Broadcast>, snapshot: &Snapshot, form: Form, skip: bool) -> String {
        String::from_utf8(text(&Feed::source(broadcast), snapshot, form, skip).plain().to_vec())
            .expect("text")
    }

    #[test]
    fn a_text_is_written_and_compressed_once_and_tagged_by_what_it_says() {
        let (publisher, now) = (on_air(Audience::Everyone), snapshot(false));
        let feed = Feed::source(publisher.broadcast());
        let all = [(Form::Low, false), (Form::Low, true), (Form::Prefetch, false), (Form::Plain, false)];
        let texts = all.map(|(form, skip)| text(&feed, &now, form, skip));
        for (at, ((form, skip), first)) in all.into_iter().zip(&texts).enumerate() {
            let again = text(&feed, &now, form, skip);
            assert_eq!(first.plain().as_ptr(), again.plain().as_ptr());
            assert_eq!(first.gzip().as_ptr(), again.gzip().as_ptr());
            let mut whole = Vec::new();
            GzDecoder::new(&first.gzip()[..]).read_to_end(&mut whole).expect("gzip");
            assert_eq!(whole, first.plain()[..]);
            assert!(first.gzip().len() < first.plain().len() / 2);
            assert_eq!(first.tag().len(), 16);
            assert!(texts[..at].iter().all(|other| other.tag() != first.tag()));
        }
        let same = snapshot(false);
        assert_eq!(text(&feed, &same, Form::Low, false).tag(), texts[0].tag());
    }

    #[test]
    fn media_of_public_channels_lie_beside_the_passes_and_those_of_private_ones_below() {
        for (audience, base) in [(Audience::Everyone, "../../source/"), (Audience::TokenHolders, "")] {
            let publisher = on_air(audience);
            for form in [Form::Low, Form::Prefetch, Form::Plain] {
                // The texts of a snapshot belong to one broadcast.
                let now = snapshot(false);
                let text = plain(publisher.broadcast(), &now, form, false);
                let said = |what: &str| text.contains(what);
                assert!(said(&format!("\n{base}s3.m4s\n")) && said(&format!("MAP:URI=\"{base}i0.mp4\"")));
                assert_eq!(said(&format!("URI=\"{base}p22.0.m4s\"")), form == Form::Low);
                assert_eq!(said(&format!("HINT:TYPE=PART,URI=\"{base}p23.0.m4s\"")), form == Form::Low);
                let ahead = format!("#EXT-X-PREFETCH:{base}s23.m4s\n#EXT-X-PREFETCH:{base}s24.m4s\n");
                assert_eq!(said(&ahead), form != Form::Plain);
            }
        }
    }

    #[test]
    fn a_delta_update_is_for_low_latency_and_for_streams_that_go_on() {
        let publisher = on_air(Audience::Everyone);
        let broadcast = publisher.broadcast();
        for (form, ended, skips) in [
            (Form::Low, false, true),
            (Form::Low, true, false),
            (Form::Prefetch, false, false),
            (Form::Plain, false, false),
        ] {
            let now = snapshot(ended);
            let text = plain(broadcast, &now, form, true);
            assert_eq!(text.contains("#EXT-X-SKIP:SKIPPED-SEGMENTS=14\n"), skips, "{form:?}");
            assert_eq!(text == plain(broadcast, &now, form, false), !skips, "{form:?}");
            assert_eq!(text.ends_with("#EXT-X-ENDLIST\n"), ended, "{form:?}");
            assert!(!ended || !text.contains("PREFETCH") && !text.contains("HINT"));
        }
    }

    #[test]
    fn the_ivs_players_form_says_how_long_the_stream_is_and_when_it_was_asked() {
        let publisher = on_air(Audience::Everyone);
        let text = plain(publisher.broadcast(), &snapshot(false), Form::Prefetch, false);
        for line in [
            "#EXT-X-VERSION:6\n",
            "#EXT-X-NET-LIVE-VIDEO-LIVE-SEQUENCE:3\n#EXT-X-NET-LIVE-VIDEO-ELAPSED-SECS:3.000\n",
            "#EXT-X-DATERANGE:ID=\"playlist-creation-1790000023456\",CLASS=\"timestamp\",\
             START-DATE=\"2026-09-21T14:13:43.456Z\",END-ON-NEXT=YES,X-SERVER-TIME=\"1790000023.45\"\n",
            "#EXT-X-DATERANGE:ID=\"source-1790000000\",CLASS=\"live-video-net-stream-source\",\
             START-DATE=\"2026-09-21T14:13:20.000Z\",END-ON-NEXT=YES,X-NET-LIVE-VIDEO-STREAM-SOURCE=\"live\"\n",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(!text.contains("PART") && !text.contains("CONTROL"));
    }

    #[test]
    fn the_way_in_names_the_form_and_tells_the_ivs_player_of_its_session() {
        let publisher = on_air(Audience::Everyone);
        let broadcast = publisher.broadcast();
        shelve(broadcast.shelf(), snapshot(false));
        let feeds = [Feed::source(broadcast)];
        let pass = Mint::new(&[7; 32]).fresh(broadcast.stream());
        let viewing = Viewing {
            pass: &pass,
            form: Form::Prefetch,
            country: Some("DE"),
            address: Ipv4Addr::new(192, 0, 2, 7).into(),
            now: start() + Duration::from_millis(61_500),
            node: "node",
            cap: Some(MultitrackResolution::Sd),
        };
        let told = multivariant(&feeds, &viewing).expect("360 lines are few enough");
        let told = str::from_utf8(&told).expect("text");
        for (id, value) in [
            ("NODE", "node"),
            ("SERVER-TIME", "1790000061.50"),
            ("USER-IP", "192.0.2.7"),
            ("USER-COUNTRY", "DE"),
            ("STREAM-TIME", "61.500000"),
            ("REGION", "us-east-1"),
            ("FUTURE", "true"),
            ("BROADCAST-ID", broadcast.stream().as_str()),
        ] {
            assert!(told.contains(&format!("DATA-ID=\"{id}\",VALUE=\"{value}\"\n")), "{id} in {told}");
        }
        let uri = format!("{}/{pass}/source/prefetch.m3u8\n", broadcast.stream());
        assert!(told.ends_with(&uri), "{told}");
        let nowhere = Viewing { country: None, cap: None, ..viewing };
        let again = multivariant(&feeds, &nowhere).expect("always some");
        assert!(!str::from_utf8(&again).expect("text").contains("USER-COUNTRY"));
    }

    #[test]
    fn no_rendition_is_larger_than_the_viewer_may_have_and_what_is_withheld_is_told() {
        let airing = Airing { channel_type: ChannelType::Standard, ..Audience::Everyone.into() };
        let publisher = on_air(airing);
        let broadcast = publisher.broadcast();
        let sizes = [("a", Some(1_081)), ("b", Some(1_080)), ("c", Some(720)), ("d", Some(480)), ("e", None)];
        let all = sizes.map(|(name, lines)| terms(name, lines));
        broadcast.set_ladder(false, all.to_vec()).expect("not decided before");
        let ladder = broadcast.ladder().expect("decided");
        ladder.renditions.iter().for_each(|rendition| shelve(rendition.shelf(), snapshot(false)));
        let feeds: Vec<_> = Feed::made(broadcast, &ladder).collect();
        let pass = Mint::new(&[7; 32]).fresh(broadcast.stream());
        let told = |cap| {
            let viewing = Viewing {
                pass: &pass,
                form: Form::Low,
                country: None,
                address: Ipv4Addr::LOCALHOST.into(),
                now: start(),
                node: "node",
                cap,
            };
            let text = multivariant(&feeds, &viewing).expect("sound is for all");
            let text = str::from_utf8(&text).expect("text").to_owned();
            let kept = text.lines().filter(|line| !line.starts_with('#'));
            let kept: String = kept.filter_map(|uri| uri.split('/').nth(3)).collect();
            let withheld = text.split_once("unavailable-media\",VALUE=\"").map(|(_, rest)| {
                let value = rest.split('"').next().expect("a value");
                let told: Vec<Value> =
                    serde_json::from_slice(&STANDARD.decode(value).expect("base64")).expect("JSON");
                told.iter().filter_map(|one| one["IVS_NAME"].as_str()).collect::<String>()
            });
            (kept, withheld.unwrap_or_default())
        };
        let pair = |kept: &str, withheld: &str| (kept.to_owned(), withheld.to_owned());
        assert_eq!(told(None), pair("abcde", ""));
        assert_eq!(told(Some(MultitrackResolution::FullHd)), pair("bcde", "a"));
        assert_eq!(told(Some(MultitrackResolution::Hd)), pair("cde", "ab"));
        assert_eq!(told(Some(MultitrackResolution::Sd)), pair("de", "abc"));
    }

    #[test]
    fn who_may_have_less_than_there_is_gets_no_playlist() {
        let publisher = on_air(Audience::Everyone);
        let pass = Mint::new(&[7; 32]).fresh(publisher.broadcast().stream());
        let viewing = |cap| Viewing {
            pass: &pass,
            form: Form::Low,
            country: None,
            address: Ipv4Addr::LOCALHOST.into(),
            now: start(),
            node: "node",
            cap,
        };
        let mut now = snapshot(false);
        let tracks = Arc::new(Film { width: 1_280, height: 720, ..Film::default() }.tracks());
        let init = Arc::new(Init { number: 1, data: Bytes::new(), tracks });
        let open = now.listed.last().map(|last| live::Open {
            number: last.number + 1,
            init,
            discontinuity: true,
            time: last.time + Duration::from_secs(1),
            parts: last.parts.to_vec(),
        });
        now.open = open;
        shelve(publisher.broadcast().shelf(), now);
        let feeds = [Feed::source(publisher.broadcast())];
        let of = |cap| multivariant(&feeds, &viewing(cap)).map(|_| ());
        assert_eq!((of(None), of(Some(MultitrackResolution::Hd))), (Ok(()), Ok(())));
        assert_eq!(of(Some(MultitrackResolution::Sd)), Err(Error::Entitlement));
    }
}
