#include "CPhoneNumber.h"

#include <phonenumbers/phonenumberutil.h>

#include <cstring>
#include <string>

namespace {

using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

constexpr bool is_same(cphonenumber_type ours, PhoneNumberUtil::PhoneNumberType theirs) {
  return static_cast<int>(ours) == static_cast<int>(theirs);
}

// Copies a whole string or nothing: half a number would be another number.
template <size_t size>
bool copy(const std::string &from, char (&to)[size]) {
  if (from.size() >= size) return false;
  std::memcpy(to, from.c_str(), from.size() + 1);
  return true;
}

// The plus signs that libphonenumber accepts: ASCII and full width.
bool has_plus(const std::string &text) {
  const auto first = text.find_first_not_of(" \t\r\n(");
  return first != std::string::npos && (text[first] == '+' || text.compare(first, 3, "\xEF\xBC\x8B") == 0);
}

bool is_known(const PhoneNumberUtil &library, const std::string &region) {
  return library.GetCountryCodeForRegion(region) != 0;
}

cphonenumber_status status_of(PhoneNumberUtil::ErrorType error, bool with_plus, bool with_region) {
  switch (error) {
    case PhoneNumberUtil::NO_PARSING_ERROR: return CPHONENUMBER_OK;
    case PhoneNumberUtil::INVALID_COUNTRY_CODE_ERROR:
      return with_plus || with_region ? CPHONENUMBER_UNKNOWN_COUNTRY_CODE : CPHONENUMBER_NO_COUNTRY_CODE;
    case PhoneNumberUtil::NOT_A_NUMBER: return CPHONENUMBER_NOT_A_NUMBER;
    case PhoneNumberUtil::TOO_SHORT_AFTER_IDD: return CPHONENUMBER_TOO_SHORT;
    case PhoneNumberUtil::TOO_SHORT_NSN: return CPHONENUMBER_TOO_SHORT;
    case PhoneNumberUtil::TOO_LONG_NSN: return CPHONENUMBER_TOO_LONG;
  }
  return CPHONENUMBER_INTERNAL;
}

cphonenumber_status status_of(PhoneNumberUtil::ValidationResult result) {
  switch (result) {
    case PhoneNumberUtil::IS_POSSIBLE: return CPHONENUMBER_OK;
    case PhoneNumberUtil::IS_POSSIBLE_LOCAL_ONLY: return CPHONENUMBER_LOCAL_ONLY;
    case PhoneNumberUtil::INVALID_COUNTRY_CODE: return CPHONENUMBER_UNKNOWN_COUNTRY_CODE;
    case PhoneNumberUtil::TOO_SHORT: return CPHONENUMBER_TOO_SHORT;
    case PhoneNumberUtil::INVALID_LENGTH: return CPHONENUMBER_INVALID_LENGTH;
    case PhoneNumberUtil::TOO_LONG: return CPHONENUMBER_TOO_LONG;
  }
  return CPHONENUMBER_INTERNAL;
}

cphonenumber_status parse(const std::string &text, const char *region, cphonenumber_number *out) {
  const PhoneNumberUtil &library = *PhoneNumberUtil::GetInstance();
  const bool with_plus = has_plus(text);
  const std::string reading_region = region != nullptr ? region : "ZZ";
  if (region != nullptr && !is_known(library, reading_region)) return CPHONENUMBER_UNKNOWN_REGION;
  if (region != nullptr && !with_plus) copy(reading_region, out->region);

  PhoneNumber number;
  const auto parsed = status_of(library.Parse(text, reading_region, &number), with_plus, region != nullptr);
  if (parsed != CPHONENUMBER_OK) return parsed;

  out->country_code = number.country_code();
  std::string main_region;
  library.GetRegionCodeForCountryCode(number.country_code(), &main_region);
  // "ZZ" is libphonenumber's word for no region. A number in another country's format keeps the main region there.
  const bool read_at_home = region != nullptr && number.country_code() == library.GetCountryCodeForRegion(region);
  if (!read_at_home && main_region != "ZZ") copy(main_region, out->region);
  if (read_at_home) copy(reading_region, out->region);

  const auto possible = status_of(library.IsPossibleNumberWithReason(number));
  if (possible != CPHONENUMBER_OK) return possible;
  if (!library.IsValidNumber(number)) return CPHONENUMBER_NOT_VALID;
  if (number.has_extension() && !number.extension().empty()) return CPHONENUMBER_HAS_EXTENSION;

  std::string exact_region;
  library.GetRegionCodeForNumber(number, &exact_region);
  std::string e164;
  library.Format(number, PhoneNumberUtil::E164, &e164);
  if (!copy(exact_region, out->region) || !copy(e164, out->e164)) return CPHONENUMBER_INTERNAL;
  const auto type = library.GetNumberType(number);
  out->type = static_cast<cphonenumber_type>(type);
  out->is_geographical = library.IsNumberGeographical(type, number.country_code()) ? 1 : 0;
  return CPHONENUMBER_OK;
}

}  // namespace

extern "C" cphonenumber_status cphonenumber_parse(
  const char *text, size_t length, const char *region, cphonenumber_number *number) {
  *number = cphonenumber_number{{0}, {0}, 0, CPHONENUMBER_UNKNOWN, 0};
  try {
    return parse(std::string(text, length), region, number);
  } catch (...) {
    return CPHONENUMBER_INTERNAL;
  }
}
