//! The gate's pages: HTML that works without scripts, with nothing from elsewhere.

use alloc::string::{String, ToString};

use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};
use xoxzo_2fa_core::Prepared;

use crate::colour::Colour;
use crate::settings::Brand;
use crate::wording::{PageLanguage, Words};

const STYLE: &str = include_str!("page/page.css");
/// Takes the code out of the SMS where a browser offers it (WebOTP).
const AUTOFILL: &str = include_str!("page/autofill.js");

/// The look of the pages, and the parts that are the same on all of them.
pub(crate) struct Theme {
    name: String,
    logo: Option<String>,
    style: String,
    /// Value of `content-security-policy`.
    policy: String,
    /// True for each language in which a message has no more parts than the settings allow.
    fits: [bool; 2],
}

impl Theme {
    pub(crate) fn new(brand: &Brand, service: &str, parts: u32, engine: &Prepared) -> Self {
        let light = Colour::parse(&brand.color).is_some_and(Colour::is_light);
        let on = if light { "#000" } else { "#fff" };
        let style = [":root{--brand:", &brand.color, ";--on:", on, "}", STYLE].concat();
        let previews = engine.previews(None, None).unwrap_or_default();
        let fits = [PageLanguage::En, PageLanguage::Ja].map(|language| {
            let own = previews
                .iter()
                .find(|preview| preview.locale.code() == language.code());
            own.is_some_and(|preview| preview.parts <= parts)
        });
        // A form leads back to the application, which may go on to another site.
        let policy = [
            "default-src 'none'; style-src '",
            &hash(&style),
            "'; script-src '",
            &hash(AUTOFILL),
            "'; img-src data:; form-action 'self' https:; base-uri 'none'; frame-ancestors 'none'",
        ];
        Self {
            name: brand.name.clone().unwrap_or_else(|| service.to_string()),
            logo: brand.logo.clone(),
            policy: policy.concat(),
            style,
            fits,
        }
    }

    pub(crate) fn policy(&self) -> String {
        self.policy.clone()
    }

    /// The language of a message to somebody who reads this one; the settings' own where it would be too long.
    pub(crate) fn locale_of(&self, language: PageLanguage) -> Option<&'static str> {
        let [en, ja] = self.fits;
        let fits = match language {
            PageLanguage::En => en,
            PageLanguage::Ja => ja,
        };
        fits.then_some(language.code())
    }

    /// A whole page.
    pub(crate) fn page(
        &self,
        language: PageLanguage,
        title: &str,
        fill: impl FnOnce(&mut Html, &Words),
    ) -> String {
        let mut html = Html(String::with_capacity(6 * 1024));
        html.raw("<!doctype html>\n<html lang=\"")
            .raw(language.code())
            .raw("\">\n<head>\n<meta charset=\"utf-8\">\n<title>");
        html.text(title)
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
        fill(&mut html, language.words());
        html.raw("</main>\n</body>\n</html>\n");
        html.0
    }
}

/// The source expression of an inline script or style (CSP 3, section 2.3.1).
fn hash(text: &str) -> String {
    ["sha256-", &Base64::encode_string(&Sha256::digest(text))].concat()
}

/// A page that is being written.
pub(crate) struct Html(String);

impl Html {
    pub(crate) fn raw(&mut self, html: &str) -> &mut Self {
        self.0.push_str(html);
        self
    }

    /// Text, or a value between double quotes.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        for letter in text.chars() {
            match letter {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                other => self.0.push(other),
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

    pub(crate) fn alert(&mut self, text: &str) -> &mut Self {
        self.raw("<p id=\"alert\" role=\"alert\">")
            .text(text)
            .raw("</p>\n")
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
    pub(crate) fn code(&mut self, words: &Words, csrf: &str, alarmed: bool) -> &mut Self {
        self.open_form("verify", csrf)
            .raw("<label for=\"pin\">")
            .text(words.code_label)
            .raw("</label>\n");
        self.raw("<input id=\"pin\" name=\"pin\" type=\"text\" inputmode=\"numeric\" autocomplete=\"one-time-code\" ");
        self.raw("autocapitalize=\"off\" spellcheck=\"false\" maxlength=\"24\" required autofocus aria-describedby=\"");
        self.raw(if alarmed {
            "alert share\" aria-invalid=\"true\">\n"
        } else {
            "share\">\n"
        });
        self.button("main", words.code_button)
            .raw("</form>\n<script>")
            .raw(AUTOFILL)
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
        let mut html = Html(String::new());
        html.text("<script>\"&'");
        assert_eq!(html.0, "&lt;script&gt;&quot;&amp;&#39;");
    }
}
