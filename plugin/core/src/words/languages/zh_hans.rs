//! Chinese in simplified characters.

use crate::words::language::{Language, Sentences};

pub(super) static LANGUAGE: Language = Language {
    login: "【{service}】验证码：{pin}，{minutes}分钟内有效，请勿告诉任何人。",
    payment: "【{service}】向{payee}支付{amount} {currency}，验证码：{pin}，{minutes}分钟内有效，请勿告诉任何人。",
    call: None,
    grouping: ',',
    warnings: &["告诉", "分享", "透露", "泄露"],
};

pub(super) static SENTENCES: Sentences = Sentences {
    space: "",
    wrong: "验证码不正确。",
    one_try: "您还可以尝试1次。",
    tries: ["您还可以尝试", "次。"],
    last_try: "尝试次数已用完，请重新获取验证码。",
    malformed: "请输入验证码的全部数字，不要输入其他内容。本次输入不计入尝试次数。",
    expired: "验证码已过期。",
    exhausted: "此验证码的尝试次数已用完。",
    unusable: "此验证码已失效。",
    ask_anew: "请重新获取验证码。",
    locked: "验证码错误次数过多。",
    cooldown: "刚刚已提交过此请求。",
    too_many: "发送次数过多。",
    not_allowed: "无法通过此方式向此号码发送验证码。",
    nothing_locked: "此用户和号码未被锁定。",
    provider: "消息发送失败。",
    ours: "我们这边出现了问题。",
    later: "请稍后重试。",
    again_in: ["请在", "后重试。"],
    contact: "请联系我们。",
    second: "秒",
    seconds: "秒",
    minutes: "分钟",
    hours: "小时",
};
