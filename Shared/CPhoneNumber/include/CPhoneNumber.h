#ifndef CPHONENUMBER_H
#define CPHONENUMBER_H

// A C view of the few functions of libphonenumber (https://github.com/google/libphonenumber, 8.12) that Telephony
// needs. Thread-safe. No exception crosses it and nothing it fills needs freeing.

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// What became of a parse. Everything but CPHONENUMBER_OK is a refusal.
typedef enum cphonenumber_status {
  CPHONENUMBER_OK = 0,
  /// No digits, or text around them that no phone number has.
  CPHONENUMBER_NOT_A_NUMBER,
  /// National format, and no region to read it in.
  CPHONENUMBER_NO_COUNTRY_CODE,
  /// The region given is none that libphonenumber knows.
  CPHONENUMBER_UNKNOWN_REGION,
  /// "+" and digits that begin with no country calling code.
  CPHONENUMBER_UNKNOWN_COUNTRY_CODE,
  CPHONENUMBER_TOO_SHORT,
  CPHONENUMBER_TOO_LONG,
  /// Neither too short nor too long, but no number there has this many digits.
  CPHONENUMBER_INVALID_LENGTH,
  /// Could be dialled next door only: the area code is missing.
  CPHONENUMBER_LOCAL_ONLY,
  /// The length is right, but no range in use holds this number.
  CPHONENUMBER_NOT_VALID,
  /// A number with an extension behind it.
  CPHONENUMBER_HAS_EXTENSION,
  /// libphonenumber failed within (out of memory, for one).
  CPHONENUMBER_INTERNAL,
} cphonenumber_status;

/// The types of libphonenumber's PhoneNumberType, in its order.
typedef enum cphonenumber_type {
  CPHONENUMBER_FIXED_LINE = 0,
  CPHONENUMBER_MOBILE,
  CPHONENUMBER_FIXED_LINE_OR_MOBILE,
  CPHONENUMBER_TOLL_FREE,
  CPHONENUMBER_PREMIUM_RATE,
  CPHONENUMBER_SHARED_COST,
  CPHONENUMBER_VOIP,
  CPHONENUMBER_PERSONAL_NUMBER,
  CPHONENUMBER_PAGER,
  CPHONENUMBER_UAN,
  CPHONENUMBER_VOICEMAIL,
  CPHONENUMBER_UNKNOWN,
} cphonenumber_type;

typedef struct cphonenumber_number {
  /// "+" and at most 17 digits; NUL-terminated; empty unless the status is CPHONENUMBER_OK.
  char e164[24];
  /// Two letters, or "001" for numbers of no country, NUL-terminated. With a refusal: the region the number was read
  /// in (the main one of its country calling code), or empty when that is not known.
  char region[4];
  int32_t country_code;
  cphonenumber_type type;
  /// 1 when the digits tell where the line is (libphonenumber's IsNumberGeographical), else 0.
  int32_t is_geographical;
} cphonenumber_number;

/// Reads `length` bytes of UTF-8 as a phone number and checks it against the numbering plan. `region` is the region
/// whose national format is meant where there is no "+", as NUL-terminated ISO 3166-1 alpha-2, or NULL for none.
/// Always fills `number`.
cphonenumber_status cphonenumber_parse(
  const char *text, size_t length, const char *region, cphonenumber_number *number);

#ifdef __cplusplus
}
#endif

#endif
