//! Chinese in traditional characters.

use crate::words::language::{Language, Sentences};

pub(super) static LANGUAGE: Language = Language {
    login: "【{service}】驗證碼：{pin}，{minutes}分鐘內有效，請勿告訴任何人。",
    payment: "【{service}】向{payee}支付{amount} {currency}，驗證碼：{pin}，{minutes}分鐘內有效，請勿告訴任何人。",
    call: None,
    grouping: ',',
    warnings: &["告訴", "分享", "透露", "洩露"],
};

pub(super) static SENTENCES: Sentences = Sentences {
    space: "",
    wrong: "驗證碼不正確。",
    one_try: "您還可以嘗試1次。",
    tries: ["您還可以嘗試", "次。"],
    last_try: "嘗試次數已用完，請重新取得驗證碼。",
    malformed: "請輸入驗證碼的全部數字，不要輸入其他內容。本次輸入不計入嘗試次數。",
    expired: "驗證碼已過期。",
    exhausted: "此驗證碼的嘗試次數已用完。",
    unusable: "此驗證碼已失效。",
    ask_anew: "請重新取得驗證碼。",
    locked: "驗證碼錯誤次數過多。",
    cooldown: "剛剛已提出過此要求。",
    too_many: "傳送次數過多。",
    not_allowed: "無法以此方式將驗證碼傳送至此號碼。",
    nothing_locked: "此使用者和號碼未被鎖定。",
    provider: "訊息傳送失敗。",
    ours: "我們這邊發生了問題。",
    later: "請稍後再試。",
    again_in: ["請在", "後再試。"],
    contact: "請與我們聯絡。",
    second: "秒",
    seconds: "秒",
    minutes: "分鐘",
    hours: "小時",
};
