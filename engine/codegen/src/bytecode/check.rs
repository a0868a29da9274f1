//! The self-check: recomputes what the compiler believes, by other means, after each operator.

use super::context::{Context, Pending};
use super::stack::{Loc, VirtualStack};

/// Stacks up to this height are looked at in full.
const FULL_SCAN: usize = 512;

/// Checks the list of positions off home, its bound, and what they name.
pub(super) fn check_state(cx: &Context) {
    let entries = cx.stack.entries();
    let off = cx.stack.off();
    assert!(
        off.len() <= VirtualStack::MAX_OFF + 1,
        "{} values are off home",
        off.len()
    );
    assert!(
        off.is_sorted_by(|a, b| a < b),
        "off-home positions do not ascend: {off:?}"
    );
    if entries.len() <= FULL_SCAN {
        let listed = (0u32..)
            .zip(entries)
            .filter(|(_, e)| e.loc != Loc::Home)
            .map(|(i, _)| i);
        assert!(
            listed.eq(off.iter().copied()),
            "off-home list {off:?} of {entries:?}"
        );
    }
    for &pos in off {
        let entry = entries[pos as usize];
        match entry.loc {
            Loc::Home => panic!("position {pos} is listed as off home"),
            Loc::Slot(slot) => {
                assert!(
                    slot < entry.home,
                    "position {pos} names slot {slot} above its home"
                );
                let owner = cx.stack.position_of_slot(slot);
                assert!(
                    owner.is_some_and(|owner| cx.stack.get(owner).loc == Loc::Home),
                    "position {pos} names slot {slot}, whose owner is not at home: {entries:?}"
                );
            }
            Loc::Compare => {
                assert_eq!(
                    pos as usize + 1,
                    entries.len(),
                    "a pending compare below the top"
                );
                assert!(
                    matches!(cx.pending, Pending::Compare(_)),
                    "a pending compare that nobody knows of"
                );
            }
            Loc::Const(_) => {}
        }
    }
}
