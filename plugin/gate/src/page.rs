//! The gate's pages: HTML that works without scripts, with nothing from elsewhere.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};
use xoxzo_2fa_core::{Locale, Prepared};

use crate::colour::Colour;
use crate::settings::Brand;
use crate::wording::words;
use crate::words::Words;

const STYLE: &str = include_str!("page/page.css");
/// Takes the code out of the SMS where a browser offers it (WebOTP).
const AUTOFILL: &str = include_str!("page/autofill.js");
/// Holds the buttons for another message back until one may be asked for, and counts the seconds.
const WAIT: &str = include_str!("page/wait.js");

/// The look of the pages, and the parts that are the same on all of them.
pub(crate) struct Theme {
    name: String,
    logo: Option<String>,
    style: String,
    /// Value of `content-security-policy`.
    policy: String,
    /// The languages in which a message has no more parts than the settings allow.
    fits: Vec<Locale>,
    /// The most parts of a message.
    pub(crate) parts: u32,
}

impl Theme {
    pub(crate) fn new(brand: &Brand, service: &str, parts: u32, engine: &Prepared) -> Self {
        let light = Colour::parse(&brand.color).is_some_and(Colour::is_light);
        let on = if light { "#000" } else { "#fff" };
        let style = [":root{--brand:", &brand.color, ";--on:", on, "}", STYLE].concat();
        let previews = engine.previews(None, None).unwrap_or_default();
        let fits = previews.iter().filter(|preview| preview.parts <= parts);
        let fits = fits.map(|preview| preview.locale).collect();
        // A form leads back to the application, which may go on to another site.
        let policy = [
            "default-src 'none'; style-src '",
            &hash(&style),
            "'; script-src '",
            &hash(AUTOFILL),
            "' '",
            &hash(WAIT),
            "'; img-src data:; form-action 'self' https:; base-uri 'none'; frame-ancestors 'none'",
        ];
        Self {
            name: brand.name.clone().unwrap_or_else(|| service.to_string()),
            logo: brand.logo.clone(),
            policy: policy.concat(),
            style,
            fits,
            parts,
        }
    }

    pub(crate) fn policy(&self) -> String {
        self.policy.clone()
    }

    /// The language of a message to somebody who reads this one; the settings' own where it would be too long.
    pub(crate) fn locale_of(&self, language: Locale) -> Option<&'static str> {
        self.fits.contains(&language).then_some(language.code())
    }

    /// A whole page.
    pub(crate) fn page(
        &self,
        language: Locale,
        title: &str,
        fill: &dyn Fn(&mut Html, &Words),
    ) -> String {
        let words = words(language);
        let mut main = Html::default();
        fill(&mut main, words);
        let mut html = Html {
            text: String::with_capacity(6 * 1024),
            alerts: false,
        };
        html.raw("<!doctype html>\n<html lang=\"")
            .raw(language.code())
            .raw("\" dir=\"ltr\">\n<head>\n<meta charset=\"utf-8\">\n<title>");
        html.text(if main.alerts {
            words.error_before_title
        } else {
            ""
        })
        .text(title)
        .raw(" – ")
        .text(&self.name)
        .raw("</title>\n");
        html.raw("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<meta name=\"robots\" content=\"noindex\">\n");
        html.raw("<link rel=\"icon\" href=\"data:,\">\n<style>")
            .raw(&self.style)
            .raw("</style>\n</head>\n<body>\n<main>\n<header>");
        if let Some(logo) = &self.logo {
            html.raw("<img alt=\"\" src=\"").text(logo).raw("\">");
        }
        html.raw("<span>")
            .text(&self.name)
            .raw("</span></header>\n<h1>")
            .text(title)
            .raw("</h1>\n");
        html.raw(&main.text).raw("</main>\n</body>\n</html>\n");
        html.text
    }
}

/// The source expression of an inline script or style (CSP 3, section 2.3.1).
fn hash(text: &str) -> String {
    ["sha256-", &Base64::encode_string(&Sha256::digest(text))].concat()
}

/// A page that is being written.
#[derive(Default)]
pub(crate) struct Html {
    text: String,
    /// It says that something went wrong.
    alerts: bool,
}

/// The field for the code, and what was wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeField {
    /// Nothing was wrong.
    Fresh,
    /// The code that was typed.
    Invalid,
    /// Something else, which has the focus.
    Aside,
}

impl Html {
    // A copy for each caller would make the filter larger.
    #[inline(never)]
    pub(crate) fn raw(&mut self, html: &str) -> &mut Self {
        self.text.push_str(html);
        self
    }

    /// Text, or a value between double quotes.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        for letter in text.chars() {
            match letter {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '"' => self.text.push_str("&quot;"),
                '\'' => self.text.push_str("&#39;"),
                other => self.text.push(other),
            }
        }
        self
    }

    pub(crate) fn paragraph(&mut self, class: &str, parts: &[&str]) -> &mut Self {
        self.raw("<p").attribute("class", class).raw(">");
        for part in parts {
            self.text(part);
        }
        self.raw("</p>\n")
    }

    /// Says what went wrong. It takes the focus, unless a field has it.
    pub(crate) fn alert(&mut self, text: &str, focus: bool) -> &mut Self {
        self.alerts = true;
        self.raw("<p id=\"alert\" role=\"alert\"")
            .raw(if focus {
                " tabindex=\"-1\" autofocus>"
            } else {
                ">"
            })
            .text(text)
            .raw("</p>\n")
    }

    /// The payment that is to be confirmed.
    pub(crate) fn payment(&mut self, words: &Words, amount: &str, payee: &str) -> &mut Self {
        self.raw("<dl>");
        for (name, value) in [(words.amount, amount), (words.payee, payee)] {
            self.raw("<div><dt>")
                .text(name)
                .raw("</dt><dd><bdi>")
                .text(value)
                .raw("</bdi></dd></div>");
        }
        self.raw("</dl>\n")
    }

    pub(crate) fn status(&mut self, text: &str) -> &mut Self {
        self.raw("<p role=\"status\">").text(text).raw("</p>\n")
    }

    pub(crate) fn link(&mut self, class: &str, to: &str, text: &str) -> &mut Self {
        self.raw("<p><a")
            .attribute("class", class)
            .attribute("href", to)
            .raw(">")
            .text(text)
            .raw("</a></p>\n")
    }

    /// A link that leaves this page as it is.
    pub(crate) fn new_tab(&mut self, to: &str, text: &str) -> &mut Self {
        self.raw("<p><a target=\"_blank\" rel=\"noopener\"")
            .attribute("href", to)
            .raw(">")
            .text(text)
            .raw("</a></p>\n")
    }

    /// A form with one button.
    pub(crate) fn form(
        &mut self,
        action: &str,
        csrf: &str,
        class: &str,
        button: &str,
    ) -> &mut Self {
        self.open_form(action, csrf)
            .button(class, button)
            .raw("</form>\n")
    }

    /// The form for the code.
    pub(crate) fn code(&mut self, words: &Words, csrf: &str, field: CodeField) -> &mut Self {
        self.open_form("verify", csrf)
            .raw("<label for=\"pin\">")
            .text(words.code_label)
            .raw("</label>\n");
        self.raw("<input id=\"pin\" name=\"pin\" type=\"text\" inputmode=\"numeric\" autocomplete=\"one-time-code\" ");
        self.raw("autocapitalize=\"off\" spellcheck=\"false\" maxlength=\"24\" required aria-describedby=\"");
        self.raw(match field {
            CodeField::Fresh => "share\" autofocus>\n",
            CodeField::Invalid => "alert share\" aria-invalid=\"true\" autofocus>\n",
            CodeField::Aside => "share\">\n",
        });
        self.button("main", words.code_button)
            .raw("</form>\n<script>")
            .raw(AUTOFILL)
            .raw("</script>\n")
    }

    /// Says how long to wait until the buttons before work. Where scripts run, it counts.
    pub(crate) fn wait(
        &mut self,
        seconds: u32,
        before: &str,
        time: &str,
        after: &str,
        hidden: bool,
    ) -> &mut Self {
        self.raw("<p class=\"dim\" id=\"wait\"")
            .raw(if hidden { " hidden" } else { "" })
            .attribute("data-seconds", &seconds.to_string())
            .raw(">")
            .text(before)
            .raw("<span>")
            .text(time)
            .raw("</span>")
            .text(after)
            .raw("</p>\n<script>")
            .raw(WAIT)
            .raw("</script>\n")
    }

    fn open_form(&mut self, action: &str, csrf: &str) -> &mut Self {
        self.raw("<form name=\"")
            .raw(action)
            .raw("\" method=\"post\" action=\"")
            .raw(crate::PREFIX)
            .raw("/")
            .raw(action);
        self.raw("\"><input type=\"hidden\" name=\"csrf\"")
            .attribute("value", csrf)
            .raw(">\n")
    }

    fn button(&mut self, class: &str, text: &str) -> &mut Self {
        self.raw("<button")
            .attribute("class", class)
            .raw(">")
            .text(text)
            .raw("</button>")
    }

    fn attribute(&mut self, name: &str, value: &str) -> &mut Self {
        if value.is_empty() {
            return self;
        }
        self.raw(" ").raw(name).raw("=\"").text(value).raw("\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_ours_is_escaped() {
        let mut html = Html::default();
        html.text("<script>\"&'");
        assert_eq!(html.text, "&lt;script&gt;&quot;&amp;&#39;");
    }
}
