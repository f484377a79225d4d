//! Korean.

use crate::words::language::{Language, Sentences};

pub(super) static LANGUAGE: Language = Language {
    login: "[{service}] 인증번호 {pin} ({minutes}분간 유효). 누구에게도 알려주지 마세요.",
    payment: "[{service}] {payee}에 {amount} {currency} 결제, 인증번호 {pin} ({minutes}분간 유효). 공유하지 마세요.",
    call: None,
    grouping: ',',
    warnings: &["알려", "공유"],
};

pub(super) static SENTENCES: Sentences = Sentences {
    space: " ",
    wrong: "인증번호가 맞지 않습니다.",
    one_try: "1번 더 입력할 수 있습니다.",
    tries: ["", "번 더 입력할 수 있습니다."],
    last_try: "더 이상 입력할 수 없으니 새 인증번호를 요청해 주세요.",
    malformed: "인증번호의 숫자만 모두 입력해 주세요. 이번 입력은 횟수에 포함되지 않습니다.",
    expired: "인증번호가 만료되었습니다.",
    exhausted: "이 인증번호를 입력할 수 있는 횟수를 초과했습니다.",
    unusable: "이 인증번호는 더 이상 사용할 수 없습니다.",
    ask_anew: "새 인증번호를 요청해 주세요.",
    locked: "잘못된 인증번호가 너무 많이 입력되었습니다.",
    cooldown: "방금 전에 이미 요청되었습니다.",
    too_many: "메시지가 너무 많이 전송되었습니다.",
    not_allowed: "이 번호로는 이 방법으로 인증번호를 보낼 수 없습니다.",
    nothing_locked: "이 사용자와 번호는 잠겨 있지 않습니다.",
    provider: "메시지를 보내지 못했습니다.",
    ours: "저희 서비스에 문제가 발생했습니다.",
    later: "나중에 다시 시도해 주세요.",
    again_in: ["", " 후에 다시 시도해 주세요."],
    contact: "고객센터에 문의해 주세요.",
    second: "초",
    seconds: "초",
    minutes: "분",
    hours: "시간",
};
