//! Thai.

use crate::words::language::{Language, Sentences};

pub(super) static LANGUAGE: Language = Language {
    login: "{service}: รหัสของคุณคือ {pin} ใช้ได้ {minutes} นาที ห้ามบอกใคร",
    payment: "{service}: จ่าย {amount} {currency} ให้ {payee} รหัสคือ {pin} ใช้ได้ {minutes} นาที ห้ามบอกใคร",
    call: None,
    grouping: ',',
    warnings: &["บอก", "แชร์", "เปิดเผย"],
};

pub(super) static SENTENCES: Sentences = Sentences {
    space: " ",
    wrong: "รหัสไม่ถูกต้อง",
    one_try: "ลองได้อีก 1 ครั้ง",
    tries: ["ลองได้อีก ", " ครั้ง"],
    last_try: "ไม่สามารถลองต่อได้แล้ว โปรดขอรหัสใหม่",
    malformed: "โปรดกรอกตัวเลขของรหัสให้ครบและไม่ต้องกรอกอย่างอื่น การกรอกครั้งนี้ไม่ถูกนับ",
    expired: "รหัสหมดอายุแล้ว",
    exhausted: "ไม่สามารถลองรหัสนี้ต่อได้แล้ว",
    unusable: "รหัสนี้ใช้ไม่ได้แล้ว",
    ask_anew: "โปรดขอรหัสใหม่",
    locked: "มีการกรอกรหัสผิดหลายครั้งเกินไป",
    cooldown: "เพิ่งมีคำขอนี้เมื่อสักครู่",
    too_many: "มีการส่งข้อความมากเกินไป",
    not_allowed: "ไม่สามารถส่งรหัสไปยังหมายเลขนี้ด้วยวิธีนี้ได้",
    nothing_locked: "ผู้ใช้และหมายเลขนี้ไม่ได้ถูกล็อก",
    provider: "ไม่สามารถส่งข้อความได้",
    ours: "เกิดปัญหาขึ้นทางฝั่งเรา",
    later: "โปรดลองอีกครั้งในภายหลัง",
    again_in: ["โปรดลองอีกครั้งในอีก ", ""],
    contact: "โปรดติดต่อเรา",
    second: " วินาที",
    seconds: " วินาที",
    minutes: " นาที",
    hours: " ชั่วโมง",
};
