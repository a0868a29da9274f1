//! The self-check: recomputes what the compiler believes, by other means, after each operator.

use super::context::{Context, Pending};
use super::stack::Loc;

/// Checks the list of positions off home, its bound, and what they name.
pub(super) fn check_state(cx: &Context) {
    let entries = cx.stack.entries();
    let off = cx.stack.off();
    cx.stack.check();
    for &pos in off {
        let entry = entries[pos as usize];
        match entry.loc {
            Loc::Slot(slot) => {
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
            Loc::Home | Loc::Const(_) => {}
        }
    }
}
