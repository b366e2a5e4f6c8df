//! The countries there are.
//!
//! Promise: the officially assigned codes of ISO 3166-1 alpha-2, all 249, and no other: a typing error would
//! lock a country out or let one in unnoticed.

use api::ApiError;

/// In alphabetical order. Assigned as of 2025; user-assigned (XK) and reserved ones (EU, UK) are not official.
const CODES: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV \
    BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES \
    ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE \
    IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY \
    MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU \
    NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM \
    SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE \
    VG VI VN VU WF WS YE YT ZA ZM ZW";

/// Refuses what is no country's code, lower case among it.
pub(crate) fn check(code: &str) -> Result<(), ApiError> {
    if CODES.split(' ').any(|known| known == code) {
        return Ok(());
    }
    Err(ApiError::validation(format!(
        "allowedCountries: \"{code}\" is not an ISO 3166-1 alpha-2 country code in upper case"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_codes_are_there_once_and_in_order() {
        let codes: Vec<_> = CODES.split(' ').collect();
        assert_eq!(codes.len(), 249);
        assert!(codes.is_sorted_by(|one, next| one < next));
        assert!(
            codes.iter().all(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()))
        );
    }

    #[test]
    fn only_official_codes_in_upper_case_are_taken() {
        for code in ["DE", "US", "JP", "AD", "ZW"] {
            assert!(check(code).is_ok(), "{code}");
        }
        for code in ["de", "De", "UK", "EU", "XK", "ZZ", "D", "D ", " D", "", "DEU", "ÄÖ"] {
            let text = check(code).expect_err(code).to_string();
            assert!(text.starts_with("allowedCountries: ") && text.contains(code), "{text}");
        }
    }
}
