-- A telephony provider's status callback, 620 bytes of form.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.body = table.concat({
  "ApiVersion=2010-04-01", "Called=%2B61412345678", "ParentCallSid=CA0123456789abcdef0123456789abcdef",
  "CallStatus=completed", "From=%2B61298765432", "Direction=outbound-api",
  "Timestamp=Thu%2C%2022%20Jan%202026%2009%3A00%3A00%20%2B0000", "AccountSid=AC0123456789abcdef0123456789abcdef",
  "CallbackSource=call-progress-events", "CallSid=CA0123456789abcdef0123456789abcdef", "SequenceNumber=3",
  "To=%2B61412345678", "Caller=%2B61298765432", "CallDuration=45", "Duration=1", "FromCountry=AU", "FromState=NSW",
  "FromCity=Sydney", "ToCountry=AU", "ToState=VIC", "ToCity=Melbourne", "AnsweredBy=human", "SipResponseCode=200",
  "StirVerstat=TN-Validation-Passed-A",
}, "&")
