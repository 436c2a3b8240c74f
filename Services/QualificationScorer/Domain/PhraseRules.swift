/// The phrases by which the rule-based extractor knows what was meant. Each list is the field's common ways to say one
/// thing; whole words only.
enum PhraseRules {
  static let optOut = [
    "take me off", "take us off", "remove me", "remove us", "remove my number", "off your list", "off the list",
    "do not call", "don't call", "stop calling", "never call", "quit calling", "do not contact", "don't contact",
    "unsubscribe", "taken off", "off your calling list", "off the calling list", "lose my number", "delete my number",
    "no more calls",
  ]
  static let wrongPerson = [
    "wrong number", "wrong person", "no one by that name", "nobody by that name", "no one here by that name",
    "nobody here by that name", "no one called", "nobody called", "you have the wrong", "you've got the wrong",
    "got the wrong", "never heard of", "doesn't work here", "doesn't live here", "not their number", "not his number",
    "not her number", "had this number", "this isn't", "i'm not the person", "no such person", "don't know anyone",
    "don't know who that is", "wrong guy",
  ]
  static let callback = [
    "call me back", "call back", "call me later", "call me tomorrow", "call me next", "call again", "call me again",
    "call me on", "call me at", "call me in", "call me after", "call me this", "ring me back", "ring me later",
    "try me", "try again", "try back", "another time", "a better time", "bad time", "not a good time",
    "can we do this later", "can we talk later", "talk later", "get back to me", "reach me", "phone me",
    "give me a call", "give me a ring", "can you ring",
  ]
  static let declined = [
    "not interested", "no interest", "no thanks", "no thank you", "we're all set", "i'm all set", "all set here",
    "don't need", "do not need", "not for us", "not for me", "i'll pass", "we'll pass", "going to pass", "i'm good",
    "we're good", "we're happy with", "happy with what", "already have", "already got", "already use", "don't want",
    "not looking", "no need", "have to decline", "not something we",
  ]
  static let machine = [
    "leave a message", "leave your message", "leave me a message", "after the beep", "after the tone", "at the tone",
    "voicemail", "voice mail", "mailbox", "can't come to the phone", "cannot come to the phone",
  ]

  /// What an agent's line asks for, by a word of it.
  static let topics: [(field: String, stems: [String])] = [
    ("budget", ["budget", "set aside", "spend", "invest", "price range"]),
    ("timeline", ["how soon", "timeline", "get started", "time frame", "timeframe", "when would", "when are you"]),
    ("decision_maker", ["decision", "decide", "sign off", "in charge"]),
    ("pain_points", ["problem", "challenge", "pain", "struggl", "frustrat", "difficult", "handle this today"]),
  ]

  /// In the order in which they are tried: the first that is said counts.
  static let timelines: [(value: String, phrases: [String])] = [
    (
      "later",
      [
        "next year", "not this year", "no rush", "not in a rush", "no hurry", "not in a hurry", "someday", "some day",
        "no timeline", "no time frame", "no plans", "not any time soon", "not anytime soon", "eventually",
        "just looking", "exploring", "down the road", "not sure when",
      ]
    ),
    (
      "within_year",
      [
        "end of the year", "later this year", "within the year", "this year", "half of the year", "six months",
        "half a year", "a year", "next summer", "next spring", "6 months",
      ]
    ),
    (
      "within_quarter",
      [
        "this quarter", "next quarter", "within the quarter", "end of the quarter", "two months", "three months",
        "couple of months", "few months", "2 months", "3 months", "ninety days", "90 days",
      ]
    ),
    (
      "within_month",
      [
        "this month", "next month", "within a month", "within the month", "before the month", "the month is out",
        "in a month", "a month", "few weeks", "couple of weeks", "two weeks", "three weeks", "four weeks", "2 weeks",
        "3 weeks", "4 weeks", "thirty days", "30 days", "next week", "end of the month", "within weeks",
      ]
    ),
    (
      "immediate",
      [
        "right away", "immediately", "as soon as possible", "asap", "this week", "today", "tomorrow", "right now",
        "now",
        "yesterday", "straight away", "at once", "as soon as we can", "urgent", "urgently", "ready to go", "the sooner",
        "within days", "few days", "soon as",
      ]
    ),
  ]

  static let notDecisionMaker = [
    "my boss", "my manager", "my partner", "my wife", "my husband", "our director", "the owner decides", "the board",
    "committee", "not me", "not my call", "not my decision", "not up to me", "isn't up to me", "isn't me",
    "ask my", "check with", "talk to my", "run it by", "run this by", "sign off from", "someone else", "somebody else",
    "not the one", "i'm not", "i don't decide", "don't make", "head office", "above me", "i just", "procurement",
    "no i", "not really", "not alone", "the ceo", "our ceo", "finance decides",
  ]
  static let decisionMaker = [
    "i do", "i am", "that's me", "that would be me", "it's me", "yes", "yeah", "yep", "i make", "i decide", "my call",
    "my decision", "i'm the owner", "i own", "i run", "i sign", "up to me", "just me", "the buck stops", "sure am",
    "i'm the one", "speaking to the right person", "right person", "i'm in charge",
  ]

  /// Pains by the stem of a word or a phrase that tells of them.
  static let pains: [(value: String, stems: [String])] = [
    (
      "slow",
      [
        "slow", "takes forever", "take forever", "takes too long", "take too long", "takes ages", "take ages",
        "takes us ages", "takes hours", "takes days", "we wait", "waiting", "time consuming", "delays",
      ]
    ),
    (
      "expensive",
      [
        "expens", "costs too much", "cost too much", "cost us too", "costs us", "costs a fortune", "the cost", "pricey",
        "overpay", "overpriced", "too much money", "price keeps", "prices keep", "fees",
      ]
    ),
    (
      "manual",
      [
        "manual", "by hand", "spreadsheet", "on paper", "paperwork", "pen and paper", "copy and paste", "data entry",
        "typing", "type everything", "type it",
      ]
    ),
    (
      "unreliable",
      [
        "unreliable", "not reliable", "isn't reliable", "crash", "breaks", "breaking", "goes down", "keeps going down",
        "bugs", "buggy", "outage", "errors", "mistakes", "it fails", "fails",
      ]
    ),
    (
      "complicated",
      [
        "complicated", "confus", "hard to use", "too complex", "complex", "hard to learn", "nobody understands",
        "nobody knows how", "clunky", "learning curve",
      ]
    ),
    (
      "support",
      [
        "support", "customer service", "nobody helps", "no help", "no one answers", "nobody answers",
        "can't get anyone",
        "never get anyone", "get hold of",
      ]
    ),
    ("missed_appointments", ["no shows", "no show", "missed appointment", "double book", "missed calls"]),
  ]
  static let noPain = [
    "no problem", "no problems", "nothing really", "can't complain", "works fine", "it's fine", "no complaints",
  ]
  static let noBudget = [
    "no budget", "don't have a budget", "haven't set", "nothing set aside",
    "nothing is budgeted", "isn't budgeted", "not set a budget", "no money", "zero",
  ]

  /// Words that only open a call. Who says nothing else has not talked.
  static let greetingWords: Set = [
    "hello", "hi", "hey", "yes", "yeah", "yep", "good", "day", "morning", "afternoon", "evening", "there", "who", "is",
    "this", "speaking", "who's",
  ]

  static let highInterest = [
    "sounds great", "sounds good", "very interested", "love to", "excellent", "perfect", "exactly what", "tell me more",
    "interested", "wonderful", "fantastic",
  ]
  static let lowInterest = ["not sure", "maybe", "i guess", "don't know", "we'll see", "doubt"]
}
