/// The words that people use. Every meaning has several forms; `Choice` picks one by the person and the attempt.
///
/// What stands in braces is filled in: `{amount}` by `SpokenNumber`, `{pain}` by a clause of `pains`.
enum PhraseBank {
  static let hello = [
    "Hello?", "Hi.", "Yes, hello?", "Hello, who is this?", "Yeah?", "Good day.", "Hello there.", "Yes?",
  ]

  /// A mailbox's greeting: more than three seconds of unbroken speech.
  static let mailbox = [
    "Hi, you have reached my voicemail. I can't take your call right now, so please leave a message after the beep.",
    "Hello, I am not available at the moment. Please leave your name and number after the tone, and I will get back to you.",
    "You have reached the mailbox of this number. The person you are calling is not available. At the tone, please record your message.",
    "Hey, sorry I missed you. Leave me a message and I'll call you back as soon as I can.",
    "Thank you for calling. Nobody is able to answer the phone right now. Please leave a message after the beep and we will return your call.",
  ]

  // MARK: Ends of a call

  static let wrongNumber = [
    "No, I think you have the wrong number.", "Sorry, there is nobody here by that name.",
    "You've got the wrong number, I'm afraid.", "Wrong number.", "I don't know who that is, you have the wrong person.",
    "No, no one by that name lives here.", "That's not me, you must have dialed the wrong number.",
  ]

  static let notInterested = [
    "No thanks, I'm not interested.", "Not interested, thank you.", "We're not interested, sorry.",
    "I'm really not interested.", "No, thank you, we don't need anything.", "Sorry, that's not for us.",
    "No thanks, we're all set.", "We already have someone for that, so no thank you.",
  ]

  /// When the agent goes on after a refusal.
  static let notInterestedAgain = [
    "I said I'm not interested. Goodbye.", "Like I said, no thank you. Bye.", "No. Not interested. Bye.",
  ]

  static let optOut = [
    "Please take me off your list.", "Take me off your list and don't call me again.", "Stop calling me.",
    "Remove my number from your list, please.", "Do not call this number again.",
    "Please don't call me anymore.", "I want to be taken off your calling list.",
  ]

  static let optOutAgain = [
    "I told you to stop calling. Take me off the list.", "Once more, remove my number. Goodbye.",
  ]

  /// `{time}` is a moment in words.
  static let callback = [
    "I'm busy right now, can you call me back {time}?", "This is a bad time. Could you call back {time}?",
    "I'm in a meeting. Please call me again {time}.", "I'm driving at the moment, call me back {time}.",
    "Now is not a good time, but call me back {time}.", "I can't talk right now. Can you call me {time}?",
  ]

  static let thanksAndGoodbye = [
    "Thanks, bye.", "Okay, thank you. Goodbye.", "Great, bye bye.", "All right, have a good day.",
    "Thank you too, bye.", "Okay, bye now.", "Sounds good, goodbye.",
  ]

  // MARK: In a conversation

  static let goAhead = [
    "Yes, sure, go ahead.", "Yeah, I have a minute.", "Speaking. What is it about?", "Sure, what do you need?",
    "Yes, that's me. Go ahead.", "Okay, if it is quick.", "Yes, I can talk.", "Sure, fire away.",
  ]

  static let areYouARobot = [
    "Hold on, am I talking to a robot?", "Wait, are you a real person?", "Is this a recording?",
    "Are you one of those AI things?",
  ]

  static let whoIsCalling = [
    "Sorry, who is this?", "Who did you say is calling?", "What company are you with?", "Who are you with again?",
  ]

  static let whatDidYouSay = [
    "Sorry, what was that?", "Could you say that again?", "Pardon?", "I didn't catch that.",
  ]

  static let areYouThere = ["Hello? Are you there?", "Hello? Anybody there?", "Are you still there?"]

  static let acknowledge = ["Okay.", "Right.", "I see.", "Uh-huh.", "All right."]

  /// To a question that they have nothing to say about.
  static let notSure = [
    "I'm not sure about that.", "Hard to say, really.", "I couldn't tell you.", "I would have to check.",
  ]

  // MARK: Facts

  static let budgetAmount = [
    "We have set aside {amount}.", "Our budget is {amount}.", "I'd say {amount}.", "We could spend {amount} on this.",
    "Probably {amount}.", "It's {amount} at the moment.", "We were thinking of {amount}.", "Up to {amount}.",
    "We have {amount} for it.", "Let me think. I would say {amount}.",
  ]

  static let budgetNone = [
    "We don't have a budget for this yet.", "There's no budget set aside right now.", "Honestly, we have no budget.",
    "Nothing is budgeted so far.",
  ]

  static let budgetUndisclosed = [
    "I'd rather not say.", "That's not something I can share.", "Let's not talk about numbers yet.",
  ]

  static let timeline: [Timeline: [String]] = [
    .immediate: [
      "Right away, if possible.", "As soon as possible.", "This week, ideally.", "Immediately, really.",
      "We want to start straight away.", "In the next few days.", "Now, to be honest.", "Tomorrow, if we could.",
    ],
    .withinMonth: [
      "Within the next month.", "In two or three weeks.", "In about three weeks.", "In a couple of weeks.",
      "Some time this month.", "Before the month is out.", "Next month at the latest.", "In four weeks or so.",
    ],
    .withinQuarter: [
      "In two to three months.", "Some time next quarter.", "In a couple of months.", "Within three months.",
      "In about two months.", "This quarter, I hope.", "In the next 90 days.",
    ],
    .withinYear: [
      "Later this year.", "In six months or so.", "In about half a year.", "Some time before the end of the year.",
      "In the second half of the year.", "Within the year, I think.",
    ],
    .later: [
      "There's no rush at all.", "We have no timeline yet.", "We're in no hurry, maybe some day.", "Not this year.",
      "We're just looking around for now.", "No plans to start yet.",
    ],
  ]

  static let decides = [
    "Yes, I make the decisions.", "That would be me.", "Yes, it's my call.", "I'm the owner, so yes.",
    "Yes, I sign off on that.", "I decide that myself.", "Yes, that's me.", "I do, yes.", "Yes, I am.",
  ]

  static let doesNotDecide = [
    "No, my boss decides that.", "That's up to my partner.", "I'd have to run it by our director.",
    "Not me, that's our manager's decision.", "No, somebody else makes that decision.",
    "No, I only do the research, the owner decides.", "I'm not the one who decides.",
    "No, I would need approval first.",
  ]

  /// Clauses, to be joined in `painAnswer`.
  static let pains: [Pain: [String]] = [
    .slow: [
      "it's just too slow", "everything takes forever", "it takes us ages to get anything done",
      "we wait days for everything", "the slow turnaround is killing us",
    ],
    .expensive: [
      "it costs too much", "it's way too expensive", "the price keeps going up", "we are overpaying for it",
      "the cost is getting out of hand",
    ],
    .manual: [
      "we do everything by hand", "there is too much manual work", "it's all spreadsheets and copy and paste",
      "somebody has to type everything in again", "we still do it all manually",
    ],
    .unreliable: [
      "it keeps breaking down", "it's just not reliable", "it crashes all the time", "it fails when we need it most",
      "we have had too many outages",
    ],
    .complicated: [
      "it's too complicated", "nobody knows how to use it", "it's hard to use", "it is confusing for everybody",
      "the thing is far too complex",
    ],
    .support: [
      "nobody helps us when there's a problem", "the support is terrible", "we never get anyone on the phone for help",
      "customer service is no help at all", "support takes no notice of us",
    ],
  ]

  static let onePain = [
    "Well, {pain}.", "Mainly that {pain}.", "To be honest, {pain}.", "The biggest thing is that {pain}.",
    "I'd say {pain}.", "Mostly, {pain}.",
  ]

  static let twoPains = [
    "Well, {pain}, and {other}.", "Mainly that {pain}, and also {other}.", "First of all {pain}. And then {other}.",
    "Two things: {pain}, and {other}.",
  ]

  static let noPain = [
    "Nothing really, it works fine.", "No problems, honestly.", "We're quite happy with it.", "It works well for us.",
  ]
}
