//! What comes back of what was written.

use super::*;
use crate::random::Random;

fn node(number: u8) -> NodeId {
    NodeId::new(number).expect("a node")
}

/// One message of every kind.
fn messages() -> Vec<Message> {
    let version = Version { clock: 77, node: node(63), incarnation: 2, is_swept: true };
    let key: Arc<str> = "user:é".into();
    let record = Record {
        version,
        value: Some([0, 255].as_slice().into()),
        written: 5,
        deadline: Some(9),
        tag: Some("hot".into()),
    };
    let dead = Record::tombstone(Version::NONE, 3);
    let at = Placed { key: key.clone(), hash: u64::MAX };
    let nodes: NodeSet = [node(1), node(63)].into_iter().collect();
    let changes = [
        Change::Found { founders: nodes },
        Change::Nothing,
        Change::Admit { node: node(4), member: Member { incarnation: 9, weight: 2 } },
        Change::Remove { node: node(4), incarnation: 9, may_return: true },
        Change::Begin { members: nodes, may_return: false },
        Change::Finish { epoch: 12 },
    ];
    let entries = changes.into_iter().map(|change| Entry { term: 3, change }).collect();
    let mut messages = vec![
        Message::Query { op: 1 << 48, at: at.clone() },
        Message::Answer {
            op: 1,
            key: key.clone(),
            record: Some(record.clone()),
            floor: version,
            sweeps: vec![(key.clone(), dead)],
        },
        Message::Store { op: 1, at: at.clone(), record: record.clone(), sweep: Some((key.clone(), record.clone())) },
        Message::Stored { op: 1, key: key.clone() },
        Message::Refused { op: 1, key: key.clone() },
        Message::Hint { at: at.clone(), record: record.clone() },
        Message::Hinted { key: key.clone(), version },
        Message::Digest { leaves: [7; LEAVES] },
        Message::Versions { leaves: 0x8001, list: vec![(key.clone(), version)] },
        Message::Want { keys: vec![key.clone(), "".into()] },
        Message::Records { list: vec![(key.clone(), record.clone())] },
        Message::Confirm { at: at.clone(), version },
        Message::Confirmed { key: key.clone(), version, yes: true },
        Message::Forget { at, version },
        Message::Pull { after: Some(key.clone()) },
        Message::Batch { after: None, list: vec![(key.clone(), record)], last: Some(key), floor: Version::NONE },
        Message::Whole,
        Message::Hello { weight: 3 },
        Message::Members { nodes },
        Message::Removed { incarnation: 4, may_return: false },
        Message::Leave { node: node(2) },
        Message::Beat { ring: 99 },
        Message::TimeAsk { asked: 1 },
        Message::TimeIs { asked: 1, bounds: TimeBounds { least: -5, most: 5 } },
    ];
    messages.extend(
        [
            Vote::Ask { is_trial: true, term: 4, last: 2, last_term: 3 },
            Vote::Given { is_trial: false, term: 4, yes: true },
            Vote::Append { term: 4, before: 1, before_term: 2, entries, commit: 1 },
            Vote::Appended { term: 4, fits: false, index: 0 },
        ]
        .map(Message::Vote),
    );
    messages
}

fn envelope(message: Message) -> Envelope {
    Envelope { from: node(1), incarnation: 1, epoch: 8, sent: Some(1), message }
}

#[test]
fn every_message_comes_back_as_it_was_sent_and_no_part_of_it_is_taken_for_one() {
    for message in messages() {
        let sent = envelope(message);
        let bytes = sent.to_bytes();
        let came = Envelope::from_bytes(&bytes).expect("whole and right");
        assert_eq!(format!("{came:?}"), format!("{sent:?}"));
        for length in 0..bytes.len() {
            assert!(Envelope::from_bytes(&bytes[..length]).is_none(), "{length} bytes of {sent:?}");
        }
        assert!(Envelope::from_bytes(&[&bytes[..], &[0]].concat()).is_none(), "a byte too many");
    }
}

#[test]
fn spoilt_bytes_are_refused_or_mean_something_else_but_never_more_than_came() {
    let mut random = Random::new(15);
    let mut refused = 0;
    for message in messages() {
        let bytes = envelope(message).to_bytes();
        for _ in 0..200 {
            let mut spoilt = bytes.clone();
            let at = usize::try_from(random.below(bytes.len() as u64)).expect("an index");
            spoilt[at] ^= u8::try_from(1 + random.below(255)).expect("a byte");
            match Envelope::from_bytes(&spoilt) {
                Some(came) => assert_eq!(came.to_bytes(), spoilt, "there is one byte form only"),
                None => refused += 1,
            }
        }
    }
    assert!(refused > 500, "{refused}");
}

#[test]
fn what_no_node_would_send_is_refused() {
    let long = [&u32::MAX.to_le_bytes()[..], &[1; 64]].concat();
    assert!(Vec::<u8>::from_bytes(&long).is_none() && Arc::<str>::from_bytes(&long).is_none());
    assert!(NodeId::from_bytes(&[0]).is_none() && NodeId::from_bytes(&[64]).is_none());
    assert!(NodeSet::from_bytes(&1_u64.to_le_bytes()).is_none(), "there is no n0");
    let ask = |term| Message::Vote(Vote::Given { is_trial: false, term, yes: false });
    assert!(Envelope::from_bytes(&envelope(ask(u64::MAX)).to_bytes()).is_none());
    assert!(Envelope::from_bytes(&envelope(ask(7)).to_bytes()).is_some());
    assert!(usize::from_bytes(&1_000_000_u32.to_le_bytes()).is_none(), "the log is shorter");
}
