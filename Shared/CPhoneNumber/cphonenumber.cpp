#include "CPhoneNumber.h"

#include <phonenumbers/phonenumberutil.h>

#include <atomic>
#include <cstdint>
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

// What libphonenumber has said of ranges of the United States and Canada. Their plan gives out numbers by the first six
// digits, and so do libphonenumber's patterns for these two, which all end in four digits of any kind: what is true of
// one number is true of its range (PhoneNumberRangeTests hold it to that). Asking libphonenumber costs some twenty
// microseconds, and an upload has hundreds of thousands of numbers in a few thousand ranges. Other countries' patterns
// go on to later digits, also within the same plan (Barbados).
class NorthAmericanRanges {
 public:
  // Digits of the national number, ten of them, when `text` is one that can be looked up: "+1" and ten digits, or just
  // these where `region` is in the plan; anything but the usual punctuation around them is for libphonenumber to judge.
  // None of the plan's numbers begins with its trunk prefix 1, so nothing has to be stripped.
  static bool read(const std::string &text, bool at_home, char (&digits)[11]) {
    char all[11];
    size_t count = 0;
    for (size_t index = 0; index < text.size(); ++index) {
      const char byte = text[index];
      if (byte >= '0' && byte <= '9') {
        if (count == sizeof all) return false;
        all[count++] = byte;
      } else if (byte == '+' ? index != 0 : std::strchr(" ().-", byte) == nullptr || byte == 0) {
        return false;
      }
    }
    const bool with_plus = !text.empty() && text[0] == '+';
    if (with_plus ? count != 11 || all[0] != '1' : count != 10 || !at_home) return false;
    std::memcpy(digits, all + (with_plus ? 1 : 0), 10);
    digits[10] = 0;
    return digits[0] >= '2' && digits[3] >= '2';
  }

  // True when the range is known; then `number` is filled.
  bool find(const char (&digits)[11], cphonenumber_number *number) const {
    const unsigned known = ranges_[index(digits)].load(std::memory_order_relaxed);
    if (known == 0) return false;
    std::memcpy(number->e164, "+1", 2);
    std::memcpy(number->e164 + 2, digits, sizeof digits);
    std::memcpy(number->region, known & in_canada ? "CA" : "US", 3);
    number->country_code = 1;
    number->type = static_cast<cphonenumber_type>(known & type_bits);
    number->is_geographical = known & geographical ? 1 : 0;
    return true;
  }

  // Keeps what libphonenumber said of a valid number.
  void keep(const char (&digits)[11], const cphonenumber_number &number) {
    const bool is_canadian = std::strcmp(number.region, "CA") == 0;
    if (!is_canadian && std::strcmp(number.region, "US") != 0) return;
    const unsigned known = is_known | static_cast<unsigned>(number.type) | (is_canadian ? in_canada : 0u) |
      (number.is_geographical ? geographical : 0u);
    ranges_[index(digits)].store(static_cast<uint8_t>(known), std::memory_order_relaxed);
  }

 private:
  static constexpr unsigned type_bits = 15, in_canada = 16, geographical = 32, is_known = 64;

  static size_t index(const char (&digits)[11]) {
    const auto three = [&](int at) {
      return (digits[at] - '0') * 100 + (digits[at + 1] - '0') * 10 + (digits[at + 2] - '0') - 200;
    };
    return static_cast<size_t>(three(0) * 800 + three(3));
  }

  // By area code and exchange, both from 200 on.
  std::atomic<uint8_t> ranges_[800 * 800];
};

NorthAmericanRanges north_american_ranges;

cphonenumber_status parse_any(const std::string &text, const char *region, cphonenumber_number *out) {
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
  // A number is valid when some range in use holds it (IsValidNumber looks for the same range once more).
  const auto type = library.GetNumberType(number);
  if (type == PhoneNumberUtil::UNKNOWN) return CPHONENUMBER_NOT_VALID;
  if (number.has_extension() && !number.extension().empty()) return CPHONENUMBER_HAS_EXTENSION;

  std::string exact_region;
  library.GetRegionCodeForNumber(number, &exact_region);
  std::string e164;
  library.Format(number, PhoneNumberUtil::E164, &e164);
  if (!copy(exact_region, out->region) || !copy(e164, out->e164)) return CPHONENUMBER_INTERNAL;
  out->type = static_cast<cphonenumber_type>(type);
  out->is_geographical = library.IsNumberGeographical(type, number.country_code()) ? 1 : 0;
  return CPHONENUMBER_OK;
}

cphonenumber_status parse(const std::string &text, const char *region, cphonenumber_number *out) {
  const PhoneNumberUtil &library = *PhoneNumberUtil::GetInstance();
  const int country = region != nullptr ? library.GetCountryCodeForRegion(region) : 0;
  char digits[11];
  // A region that does not exist is a fault, whatever the number.
  if ((region != nullptr && country == 0) || !NorthAmericanRanges::read(text, country == 1, digits)) {
    return parse_any(text, region, out);
  }
  if (north_american_ranges.find(digits, out)) return CPHONENUMBER_OK;
  const auto status = parse_any(text, region, out);
  if (status == CPHONENUMBER_OK) north_american_ranges.keep(digits, *out);
  return status;
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
