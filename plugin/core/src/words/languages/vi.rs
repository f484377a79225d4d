//! Vietnamese.

use crate::words::language::{Language, Sentences};

pub(super) static LANGUAGE: Language = Language {
    login: "{service}: mã của bạn là {pin}, hiệu lực {minutes} phút. Không chia sẻ.",
    payment: "{service}: mã để trả {amount} {currency} cho {payee} là {pin}, hiệu lực {minutes} phút. Không chia sẻ.",
    call: None,
    grouping: ' ',
    warnings: &["chia sẻ", "tiết lộ", "cho ai"],
};

pub(super) static SENTENCES: Sentences = Sentences {
    space: " ",
    wrong: "Mã này không đúng.",
    one_try: "Bạn còn 1 lượt thử.",
    tries: ["Bạn còn ", " lượt thử."],
    last_try: "Bạn đã hết lượt thử, vui lòng yêu cầu mã mới.",
    malformed: "Vui lòng nhập đủ các chữ số của mã và không nhập gì khác. Lần này không tính là một lượt thử.",
    expired: "Mã đã hết hạn.",
    exhausted: "Bạn đã hết lượt thử cho mã này.",
    unusable: "Mã này không còn dùng được.",
    ask_anew: "Vui lòng yêu cầu mã mới.",
    locked: "Mã đã bị nhập sai quá nhiều lần.",
    cooldown: "Yêu cầu này vừa được gửi.",
    too_many: "Đã gửi quá nhiều tin nhắn.",
    not_allowed: "Không thể gửi mã đến số này bằng cách này.",
    nothing_locked: "Người dùng và số này không bị khóa.",
    provider: "Không thể gửi tin nhắn.",
    ours: "Đã xảy ra sự cố từ phía chúng tôi.",
    later: "Vui lòng thử lại sau.",
    again_in: ["Vui lòng thử lại sau ", "."],
    contact: "Vui lòng liên hệ với chúng tôi.",
    second: " giây",
    seconds: " giây",
    minutes: " phút",
    hours: " giờ",
};
