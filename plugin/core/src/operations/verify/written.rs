//! A guess that waits, as bytes.

use super::{Stage, Verify, plan};
use crate::common::audit::Alarm;
use crate::common::codec::{Reader, Writer};
use crate::operations::turn::Suspend;
use crate::settings::prepared::Prepared;
use crate::signed::binding::Binding;
use crate::signed::token::TokenHead;

impl Suspend for Verify {
    fn write(&self, settings: &Prepared, out: &mut Writer) {
        let Self {
            now,
            left,
            head,
            binding,
            typed,
            plan: _,
            decoy,
            client,
            alarm,
            stage,
        } = self;
        out.u32(*now).u32(*left);
        head.write(out);
        binding.write(&settings.audience, out);
        out.raw(typed).flag(*decoy).option(client.as_deref());
        Alarm::write(*alarm, out);
        match stage {
            Stage::Guess => out.u8(0),
            Stage::Claim { hard, charges: _ } => out.u8(1).u32(*hard),
        };
    }

    fn read(settings: &Prepared, from: &mut Reader<'_>) -> Option<Self> {
        let (now, left) = (from.u32(), from.u32());
        let head = TokenHead::read(from);
        let binding = Binding::read_for(&settings.audience, from)?;
        let (typed, decoy, client) = (from.array(), from.present(), from.option());
        let message = head.message(&settings.audience, &binding);
        let mut verify = Self {
            now,
            left,
            plan: plan(settings, &head, &message, &binding, client.as_deref()).ok()?,
            head,
            binding,
            typed,
            decoy,
            client,
            alarm: Alarm::read(from)?,
            stage: Stage::Guess,
        };
        match from.u8() {
            0 => {}
            1 => {
                let hard = from.u32();
                let charges = verify.claim(settings, hard);
                verify.stage = Stage::Claim { hard, charges };
            }
            _ => return None,
        }
        Some(verify)
    }
}
