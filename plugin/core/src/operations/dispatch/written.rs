//! A message that waits, as bytes.

use super::{Dispatch, Stage};
use crate::common::audit::Alarm;
use crate::common::channel::Channel;
use crate::common::codec::{Reader, Writer};
use crate::common::failure::Failure;
use crate::operations::turn::Suspend;
use crate::plan::ChargePlan;
use crate::settings::prepared::Prepared;
use crate::signed::binding::Binding;
use crate::signed::token::TokenHead;
use crate::words::languages::Locale;

impl Suspend for Dispatch {
    fn write(&self, settings: &Prepared, out: &mut Writer) {
        let Self {
            now,
            head,
            binding,
            left,
            channel,
            locale,
            client,
            decoy,
            again,
            plan: _,
            parts,
            alarm,
            probing,
            failed,
            stage,
        } = self;
        out.u32(*now);
        head.write(out);
        binding.write(&settings.audience, out);
        out.u32(*left).u8(*channel as u8).text(locale.code());
        out.option(client.as_deref()).flag(*decoy).flag(*again);
        out.maybe_u32(*parts);
        Alarm::write(*alarm, out);
        out.flag(*probing).u32(*failed);
        match stage {
            Stage::Charge => out.u8(0),
            Stage::Send => out.u8(1),
            Stage::Unknown => out.u8(2),
            Stage::Back(failure) => {
                failure.write(out.u8(3));
                out
            }
            Stage::Taken(message_id) => out.u8(4).text(message_id),
        };
    }

    fn read(settings: &Prepared, from: &mut Reader<'_>) -> Option<Self> {
        let mut dispatch = Self {
            now: from.u32(),
            head: TokenHead::read(from),
            binding: Binding::read_for(&settings.audience, from)?,
            left: from.u32(),
            channel: from.one_of(&[Channel::Sms, Channel::Voice])?,
            locale: Locale::parse(&from.text()).ok()?,
            client: from.option(),
            decoy: from.present(),
            again: from.present(),
            plan: ChargePlan::default(),
            parts: from.maybe_u32(),
            alarm: Alarm::read(from)?,
            probing: from.present(),
            failed: from.u32(),
            stage: match from.u8() {
                0 => Stage::Charge,
                1 => Stage::Send,
                2 => Stage::Unknown,
                3 => Stage::Back(Failure::read(from)?),
                4 => Stage::Taken(from.text()),
                _ => return None,
            },
        };
        if let Stage::Charge = dispatch.stage {
            dispatch.plan = dispatch.plan(settings).ok()?;
        }
        Some(dispatch)
    }
}
