//! Secrets that their form gives away: tokens of well-known vendors, keys, credentials in URLs and command lines.

use std::{ops::Range, sync::LazyLock};

use regex::Regex;

use super::{
    find::{Findings, Form, is_word_start},
    values,
};

/// A secret's form: the text that gives it away, and what follows it.
pub(super) struct Shape {
    /// What is looked for, without regard to case.
    pub(super) anchor: &'static str,
    /// What must stand there; its groups are the secret, or else all behind the anchor.
    pattern: LazyLock<Regex>,
    check: Check,
}

/// What must be true besides.
#[derive(Clone, Copy)]
enum Check {
    /// A word begins with the anchor.
    Word,
    /// As [`Check::Word`], and the secret looks drawn at random.
    Random,
    /// A parameter of a URL, and the secret looks drawn at random.
    Query,
    /// It is no placeholder.
    Filled,
    /// The secret begins before the anchor: so many bytes at least and at most, and which.
    Behind(usize, usize, fn(&u8) -> bool),
}

/// Bytes behind an anchor that a pattern sees at most; a secret goes on as long as its characters do.
const MAX_WINDOW: usize = 4 << 10;

macro_rules! shapes {
    ($($check:ident $(($($of:expr),*))? $anchor:literal $pattern:literal,)*) => {
        [$(Shape {
            anchor: $anchor,
            pattern: LazyLock::new(|| regex($pattern)),
            check: Check::$check$(($($of),*))?,
        }),*]
    };
}

/// The known forms. A pattern begins where its anchor does.
pub(super) static SHAPES: LazyLock<Vec<Shape>> = LazyLock::new(|| {
    Vec::from(shapes![
        // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
        Word "AKIA" r"AKIA([A-Z0-9]{16})\b",
        Word "ASIA" r"ASIA([A-Z0-9]{16})\b",
        Word "ABIA" r"ABIA([A-Z0-9]{16})\b",
        Word "ACCA" r"ACCA([A-Z0-9]{16})\b",
        // https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/
        Word "ghp_" r"ghp_([A-Za-z0-9]{20,})",
        Word "gho_" r"gho_([A-Za-z0-9]{20,})",
        Word "ghu_" r"ghu_([A-Za-z0-9]{20,})",
        Word "ghs_" r"ghs_([A-Za-z0-9_.-]{20,})",
        Word "ghr_" r"ghr_([A-Za-z0-9]{20,})",
        Word "github_pat_" r"github_pat_([A-Za-z0-9_]{22,})",
        // https://docs.gitlab.com/security/tokens/#token-prefixes
        Word "glpat-" r"glpat-([A-Za-z0-9_.-]{20,})",
        Word "gloas-" r"gloas-([A-Za-z0-9_.-]{20,})",
        Word "gldt-" r"gldt-([A-Za-z0-9_.-]{20,})",
        Word "glrt-" r"glrt-([A-Za-z0-9_.-]{20,})",
        Word "glrtr-" r"glrtr-([A-Za-z0-9_.-]{20,})",
        Word "glcbt-" r"glcbt-([A-Za-z0-9_.-]{20,})",
        Word "glptt-" r"glptt-([A-Za-z0-9_.-]{20,})",
        Word "glft-" r"glft-([A-Za-z0-9_.-]{20,})",
        Word "glimt-" r"glimt-([A-Za-z0-9_.-]{20,})",
        Word "glagent-" r"glagent-([A-Za-z0-9_.-]{20,})",
        Word "glsoat-" r"glsoat-([A-Za-z0-9_.-]{20,})",
        Word "glffct-" r"glffct-([A-Za-z0-9_.-]{20,})",
        // https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/
        Word "ATATT3" r"ATATT3([A-Za-z0-9_=-]{30,})",
        Word "ATBB" r"ATBB([A-Za-z0-9]{24,})",
        Word "ATCTT3" r"ATCTT3([A-Za-z0-9_=-]{30,})",
        // https://github.blog/changelog/2021-09-23-npm-has-a-new-access-token-format/
        Word "npm_" r"npm_([A-Za-z0-9]{36,})",
        // https://pypi.org/help/#apitoken
        Word "pypi-" r"pypi-(?:AgEIcHlwaS5vcmc|AgENdGVzdC5weXBpLm9yZw)?([A-Za-z0-9_-]{40,})",
        // https://guides.rubygems.org/api-key-scopes/, https://github.com/rust-lang/crates.io/blob/main/crates/crates_io_database/src/fields/
        Word "rubygems_" r"rubygems_([a-f0-9]{48})",
        Random "cio" r"cio([A-Za-z0-9]{32})\b",
        // https://docs.docker.com/security/access-tokens/, https://docs.docker.com/enterprise/security/access-tokens/
        Word "dckr_pat_" r"dckr_pat_([A-Za-z0-9_-]{20,})",
        Word "dckr_oat_" r"dckr_oat_([A-Za-z0-9_-]{20,})",
        // https://circleci.com/docs/managing-api-tokens/, https://docs.sonarsource.com/sonarqube-server/user-guide/managing-tokens/
        Word "CCIPAT_" r"CCIPAT_([A-Za-z0-9_]{40,})",
        Word "CCIPRJ_" r"CCIPRJ_([A-Za-z0-9_]{40,})",
        Word "sqp_" r"sqp_([a-z0-9]{40})\b",
        Word "squ_" r"squ_([a-z0-9]{40})\b",
        Word "sqa_" r"sqa_([a-z0-9]{40})\b",
        // https://api.slack.com/concepts/token-types, https://api.slack.com/messaging/webhooks
        Word "xox" r"xox[abeoprs]-([A-Za-z0-9.-]{10,})",
        Word "xapp-" r"xapp-([A-Za-z0-9-]{10,})",
        Word "hooks.slack.com/" r"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9_/-]{20,})",
        // https://docs.stripe.com/keys, https://docs.stripe.com/webhooks
        Word "sk_live_" r"sk_live_([A-Za-z0-9]{10,})",
        Word "sk_test_" r"sk_test_([A-Za-z0-9]{10,})",
        Word "rk_live_" r"rk_live_([A-Za-z0-9]{10,})",
        Word "rk_test_" r"rk_test_([A-Za-z0-9]{10,})",
        Word "whsec_" r"whsec_([A-Za-z0-9+/=]{24,})",
        // https://www.twilio.com/docs/iam/api-keys, https://www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys
        Word "SK" r"SK([0-9a-f]{32})\b",
        Word "SG." r"SG\.([A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,})",
        // https://documentation.mailgun.com/docs/mailgun/user-manual/api-key-mgmt/, https://mailchimp.com/developer/marketing/docs/fundamentals/
        Behind(32, 32, u8::is_ascii_hexdigit) "-us" r"-us(\d{1,2})\b",
        Word "key-" r"key-([0-9a-f]{32})\b",
        // https://core.telegram.org/bots/api#authorizing-your-bot, https://discord.com/developers/docs/resources/webhook
        Behind(8, 10, u8::is_ascii_digit) ":AA" r":AA([A-Za-z0-9_-]{33})",
        Word "discord.com/api/webhooks/" r"discord\.com/api/webhooks/\d+/([A-Za-z0-9_-]{20,})",
        Word "discordapp.com/api/webhooks/" r"discordapp\.com/api/webhooks/\d+/([A-Za-z0-9_-]{20,})",
        // https://platform.openai.com/docs/api-reference/authentication, https://docs.anthropic.com/en/api/overview
        Random "sk-" r"sk-(?:proj-|svcacct-|admin-|or-v1-|ant-[a-z]{2,8}\d{2}-)?([A-Za-z0-9_-]{20,})",
        // https://huggingface.co/docs/hub/security-tokens, https://replicate.com/docs/topics/security/api-tokens
        Word "hf_" r"hf_([A-Za-z0-9]{30,})",
        Word "gsk_" r"gsk_([A-Za-z0-9]{40,})",
        Word "r8_" r"r8_([A-Za-z0-9_-]{37})\b",
        // https://cloud.google.com/docs/authentication/api-keys, https://developers.google.com/identity/protocols/oauth2
        Word "AIza" r"AIza([A-Za-z0-9_-]{35})",
        Word "ya29." r"ya29\.([A-Za-z0-9_.-]{20,})",
        Word "GOCSPX-" r"GOCSPX-([A-Za-z0-9_-]{20,})",
        Word "1//0" r"1//0([A-Za-z0-9_-]{40,})",
        // https://learn.microsoft.com/en-us/purview/sit-defn-azure-ad-client-secret
        Behind(4, 4, |&byte| byte.is_ascii_alphanumeric() || b"_.~-".contains(&byte)) "Q~" r"Q~([A-Za-z0-9_.~-]{31,34})",
        // https://docs.digitalocean.com/reference/api/create-personal-access-token/
        Word "dop_v1_" r"dop_v1_([a-f0-9]{64})",
        Word "doo_v1_" r"doo_v1_([a-f0-9]{64})",
        Word "dor_v1_" r"dor_v1_([a-f0-9]{64})",
        // https://devcenter.heroku.com/changelog-items/3175
        Word "HRKU-" r"HRKU-([A-Za-z0-9_-]{36,})",
        // https://developer.hashicorp.com/vault/docs/concepts/tokens#token-prefixes
        Word "hvs." r"hvs\.([A-Za-z0-9_-]{20,})",
        Word "hvb." r"hvb\.([A-Za-z0-9_-]{20,})",
        Word "hvr." r"hvr\.([A-Za-z0-9_-]{20,})",
        // https://developer.hashicorp.com/terraform/cloud-docs/users-teams-organizations/api-tokens
        Behind(14, 14, u8::is_ascii_alphanumeric) ".atlasv1." r"\.atlasv1\.([A-Za-z0-9_=-]{40,})",
        // https://shopify.dev/docs/apps/build/authentication-authorization, https://developer.squareup.com/docs/build-basics/access-tokens
        Word "shpat_" r"shpat_([a-fA-F0-9]{32})",
        Word "shpca_" r"shpca_([a-fA-F0-9]{32})",
        Word "shppa_" r"shppa_([a-fA-F0-9]{32})",
        Word "shpss_" r"shpss_([a-fA-F0-9]{32})",
        Word "sq0atp-" r"sq0atp-([A-Za-z0-9_-]{22,})",
        Word "sq0csp-" r"sq0csp-([A-Za-z0-9_-]{43,})",
        // https://linear.app/developers/graphql, https://developers.notion.com/changelog/changing-api-token-prefix-from-secret_-to-ntn_
        Word "lin_api_" r"lin_api_([A-Za-z0-9]{32,})",
        Word "ntn_" r"ntn_([A-Za-z0-9]{40,})",
        // https://docs.databricks.com/aws/en/dev-tools/auth/pat, https://grafana.com/docs/grafana/latest/administration/service-accounts/
        Word "dapi" r"dapi([a-f0-9]{32}(?:-\d+)?)\b",
        Word "glsa_" r"glsa_([A-Za-z0-9_]{40,})",
        Word "glc_" r"glc_([A-Za-z0-9+/]{32,}={0,2})",
        // https://learning.postman.com/docs/developer/postman-api/authentication/, https://airtable.com/developers/web/api/authentication
        Word "PMAK-" r"PMAK-([A-Za-z0-9]{24}-[A-Za-z0-9]{34})",
        Word "pat" r"pat([A-Za-z0-9]{14}\.[a-f0-9]{64})",
        // https://docs.doppler.com/reference/auth-token-formats, https://github.com/FiloSottile/age, https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/
        Word "dp." r"dp\.(?:pt|st|ct|sa|scim|audit)\.([A-Za-z0-9_.-]{40,})",
        Word "AGE-SECRET-KEY-1" r"AGE-SECRET-KEY-1([A-Z0-9]{58})",
        Behind(36, 36, u8::is_ascii_hexdigit) "NRAL" r"NRAL()\b",
        Word "NRAK-" r"NRAK-([A-Z0-9]{27})",
        // https://developers.facebook.com/docs/facebook-login/guides/access-tokens/
        Word "EAA" r"EAA([A-Za-z0-9]{80,})",
        // RFC 7515, RFC 7516: three or five parts, the first of which begins with `{"`.
        Word "eyJ" r"eyJ([A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){2,4})",
        // RFC 7468, RFC 4880; the lines may be escaped. A cut one has no end.
        Filled "-----BEGIN " r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----([A-Za-z0-9+/=\s\\:,-]*?)(?:-----END|[^A-Za-z0-9+/=\s\\:,-]|\z)",
        Filled "Private-Lines: " r"Private-Lines: \d+((?:\s|\\[nr])+(?:[A-Za-z0-9+/]+={0,2}(?:\s|\\[nr]|\z)+)+?)(?:Private-MAC|\z)",
        Filled "Private-MAC: " r"Private-MAC: ([a-f0-9]{40,64})",
        // RFC 6750, RFC 7617
        Filled "bearer" r#"(?i)bearer(?:\s|%20|\+)+([A-Za-z0-9._~+/-]{8,}=*)"#,
        Filled "basic " r"(?i)basic +([A-Za-z0-9+/]{8,}={0,2})",
        // RFC 3986, 3.2.1. The last @ counts: a raw one stands in many a password.
        Filled "://" r#"://[^\s/?\#:@"'<>]*:([^\s/?\#"'<>]{1,256})@"#,
        Filled "://" r#"://[^\s/?\#:@"'<>{}]*:([^\s/"'<>{}@]{1,256})@[A-Za-z0-9.-]+[:/?\s]"#,
        Query "key=" r"key=([A-Za-z0-9_-]{20,})(?:&|\s|$)",
        Filled "oracle:thin:" r"oracle:thin:[^\s/@]{1,128}/([^\s@]{1,128})@",
        // https://docs.djangoproject.com/en/stable/topics/auth/passwords/, crypt(5)
        Filled "pbkdf2_sha" r"pbkdf2_sha\d{1,3}\$\d{1,9}\$([A-Za-z0-9./+]{4,}\$[A-Za-z0-9./+]{20,}=*)",
        Filled "$argon2" r"\$argon2(?:id?|d)\$[a-z0-9=,$]{1,48}\$([A-Za-z0-9./+]{4,}\$[A-Za-z0-9./+]{20,})",
        Filled "$2" r"\$2[abxy]?\$\d\d\$([A-Za-z0-9./]{53})",
        Filled "$6$" r"\$6\$(?:rounds=\d{1,9}\$)?([A-Za-z0-9./]{1,16}\$[A-Za-z0-9./]{86})",
        Filled "set password for" r"(?i)set password for [^\s=]{1,128} *= *(?:password\()?'([^'\n]{1,256})'",
        // Programs that take a secret in an argument without saying so.
        Filled "curl" r#"curl\b[^\n]{0,400}?(?:-u|--user)['", =]+[A-Za-z][^\s:'"]{0,63}:([^\s'",]{3,256})"#,
        Filled "sshpass" r#"sshpass['", ]+-p['", ]*([^\s'",]{1,256})"#,
        Filled "mysql" r#"mysql(?:dump|admin|import|show)?\b[^\n]{0,200}?[ '"]-p([^\s'",]{1,256})"#,
        Filled "redis-cli" r#"redis-cli\b[^\n]{0,200}?[ '"]-a['", ]+([^\s'",]{1,256})"#,
        Filled "login" r#"login\b[^\n]{0,200}? -p['", ]+([^\s'",]{1,256})"#,
        // https://docs.python-requests.org/en/latest/user/authentication/
        Filled "auth" r#"auth["']?\s*[=:]\s*\(\s*b?["'][^"'\n]{0,64}["'],\s*b?["']([^"'\n]{1,128})["']"#,
    ])
});

#[expect(
    clippy::expect_used,
    reason = "the patterns are constants, and a test compiles each"
)]
fn regex(pattern: &str) -> Regex {
    Regex::new(&format!("^(?:{pattern})")).expect("a constant pattern")
}

/// Looks at the place where a shape's anchor stands.
pub(super) fn find(text: &str, anchor: Range<usize>, shape: &Shape, found: &mut Findings) {
    let before = &text.as_bytes()[..anchor.start];
    let n_before = match shape.check {
        Check::Behind(min, max, is_part) => {
            let n = before
                .iter()
                .rev()
                .take(max)
                .take_while(|byte| is_part(byte))
                .count();
            if n < min {
                return;
            }
            n
        }
        Check::Query if !before.ends_with(b"?") && !before.ends_with(b"&") => return,
        Check::Filled | Check::Query => 0,
        Check::Word | Check::Random => {
            let is_dashed = before.ends_with(b"-") && !before.ends_with(b"--");
            if is_dashed || !is_word_start(text, anchor.start) {
                return;
            }
            0
        }
    };
    let end = text.floor_char_boundary(anchor.start + MAX_WINDOW);
    let Some(secret) = shape
        .pattern
        .captures(&text[anchor.start..end])
        .and_then(|captures| captures.get(1).map(|group| group.range()))
    else {
        return;
    };
    let mut secret = anchor.start + secret.start..anchor.start + secret.end;
    if n_before > 0 {
        secret.start = anchor.start - n_before;
    }
    if end < text.len() && secret.end + 64 > end {
        // Longer than the window: to its end.
        let is_part = |c: char| c.is_ascii_alphanumeric() || "_.-+/=\\\n\r".contains(c);
        secret.end += text[secret.end..]
            .find(|c| !is_part(c))
            .unwrap_or(text.len() - secret.end);
    }
    let value = &text[secret.clone()];
    let is_secret = match shape.check {
        Check::Word | Check::Behind(..) => true,
        Check::Random | Check::Query => values::looks_random(value),
        Check::Filled => !values::is_placeholder(value) && is_credential(shape.anchor, value),
    };
    if is_secret {
        found.add(secret, Form::Opaque);
    }
}

/// Whether what follows a scheme is a credential and not a word about one.
fn is_credential(scheme: &str, value: &str) -> bool {
    let has = |is: fn(&u8) -> bool| value.bytes().any(|byte| is(&byte));
    match scheme {
        "bearer" => has(u8::is_ascii_digit) || values::looks_random(value),
        "basic " => {
            value.len().is_multiple_of(4)
                && has(u8::is_ascii_lowercase)
                && value.bytes().skip(1).any(|byte| byte.is_ascii_uppercase())
        }
        _ => true,
    }
}
