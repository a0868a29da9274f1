//! Conversions between integers and floats and between float widths.

use super::inst::InstBuf;
use super::{Masm, Size, asm};
use crate::x64::reg::{Gpr, Xmm};

impl Masm {
    /// Truncates the float `src` (of size `from`) to a signed integer (of size `to`);
    /// the integer's minimum when that is not possible.
    #[inline]
    pub fn cvt_f2i(&mut self, from: Size, to: Size, dst: Gpr, src: Xmm) {
        let mut inst = InstBuf::new();
        asm!(inst; cvttss2si Rd(dst.0), Rx(src.0));
        self.emit_reg(inst.scalar(from).size(1, to), 1);
    }

    /// Converts the signed integer `src` (of size `from`) to a float (of size `to`).
    /// Clears `dst` first: the conversion would depend on what it held before.
    #[inline]
    pub fn cvt_i2f(&mut self, from: Size, to: Size, dst: Xmm, src: Gpr) {
        self.fzero(dst);
        let mut inst = InstBuf::new();
        asm!(inst; cvtsi2ss Rx(dst.0), Rd(src.0));
        self.emit_reg(inst.scalar(to).size(1, from), 1);
    }

    /// Converts a float of size `from` to the other size; the rest of the register stays.
    #[inline]
    pub fn cvt_f2f(&mut self, from: Size, dst: Xmm, src: Xmm) {
        let mut inst = InstBuf::new();
        asm!(inst; cvtss2sd Rx(dst.0), Rx(src.0));
        self.emit_reg(inst.scalar(from), 1);
    }
}
