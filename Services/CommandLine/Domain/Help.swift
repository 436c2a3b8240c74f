/// What the program says of itself.
enum Help {
  static let overview = """
    ringmaster: run outbound calling campaigns from the command line

    Usage: ringmaster COMMAND [ARGUMENTS] [OPTIONS]

      campaigns list                         all campaigns
      campaigns create --file POLICY.json    a new draft; see deploy/demo/campaign.json for all that a policy holds
      campaigns show CAMPAIGN                one campaign with its policy
      campaigns update CAMPAIGN --file F     a new version of its policy
      campaigns start|pause|resume|stop CAMPAIGN [--reason TEXT]
      campaigns progress CAMPAIGN            where it stands
      campaigns audit CAMPAIGN               who changed its state, when and why
      campaigns preview CAMPAIGN --file F    which waiting leads a new policy would move, before it is applied
      campaigns forecast CAMPAIGN [--answer-rate 25%] [--voicemail-rate S] [--qualified-rate S] [--talk SECONDS]
                 [--ring SECONDS] [--cost DOLLARS] [--finish-by TIME] [--from TIME] [--days N] [--file POLICY.json]
                                             how it will run: calls a day, spend, end, what holds it back
      campaigns delete CAMPAIGN              a draft or a stopped one
      campaigns analytics CAMPAIGN           how its calls went: shares, costs, hours of the week
      campaigns versions CAMPAIGN            every version of its policy, who made it and what it changed
      campaigns compare CAMPAIGN --from N [--to N]
      campaigns clone CAMPAIGN [--name N] [--open-leads] [--outcomes no_answer,busy]
                                             a new draft with its policy, and with leads of these kinds
      campaigns recycle CAMPAIGN --outcomes no_answer,busy
                                             calls done leads with these outcomes again
      leads upload CAMPAIGN FILE.csv         leads from a file; one column must be called phone
      leads add CAMPAIGN --phone NUMBER [--first-name N] [--last-name N] [--company N] [--email E]
      leads list CAMPAIGN [--state open|done] [--outcome O] [--limit N] [--cursor C]
      leads show CAMPAIGN LEAD               a lead with its calls and what was planned for it
      explain CAMPAIGN LEAD [--at TIME]      why it is called or not, now, ahead or in the past (2026-03-02T15:00:00Z)
      why CAMPAIGN                           why nothing is being dialed
      call now CAMPAIGN LEAD [--reason TEXT] [--not-after TIME]
      call at TIME CAMPAIGN LEAD [--reason TEXT] [--not-after TIME]
      call cancel SCHEDULED                  a call that is still to come
      call list CAMPAIGN [--lead LEAD] [--state scheduled|placed|missed|cancelled] [--limit N] [--cursor C]
      proof export CAMPAIGN > FILE           what was permitted and why; ringmaster-verify FILE checks it
      watch CAMPAIGN                         live progress until the campaign ends
      calls list CAMPAIGN [--outcome O] [--limit N] [--cursor C]
      calls show CALL                        one call: outcome, score, costs, and the permit it was placed with
      transcript CALL                        what was said
      do-not-call import FILE.csv [--campaign C] [--region AU] [--reason TEXT] [--washed]
                                             numbers from a file: one a line, or a column called phone
      do-not-call add|remove NUMBER [--campaign C] [--region AU] [--reason TEXT]
      do-not-call check NUMBER [--campaign C] [--region AU] [--at TIME]   whether it may be called, and why not
      do-not-call list [--campaign C] [--removed] [--limit N] [--cursor C]
      limits show                            calls a day and at once, of all campaigns together
      limits set [--max-calls-per-day N] [--max-concurrent-calls N] [--time-zone Z]        0: no limit
      limits provider [NAME] [--max-concurrent-calls N] [--max-calls-per-minute N] [--inbound-percent N]
      limits budget CAMPAIGN                 spent, reserved and left
      numbers list [--state S] [--tier N]    the numbers that calls show, with their health
      numbers show|activate|warm-up|rest|quarantine|retire|release NUMBER
      numbers add NUMBER --tier N [--warm] [--time-zone Z]
      numbers buy NAME --tier N [--count N] [--country AU] [--kind mobile|local|toll_free] [--bundle BU…]
      notifications [CAMPAIGN]               what people should know of, newest first
      webhooks list                          where other systems are told, and how far that has come
      webhooks create --url URL [--kinds notification,campaign.changed,lead.completed]
      webhooks show|delete WEBHOOK
      webhooks messages WEBHOOK [--after N]  what was or will be sent
      webhooks replay WEBHOOK --from N       sends everything from message N on again
      rpc ENDPOINT list                      the methods that a service has
      rpc ENDPOINT METHOD [JSON]             calls a method; JSON is the request ("-" reads it from standard input)
      migrate [SERVICE…]                     brings the services' schemas up to date, all of them if none is named

    Options
      --gateway URL     where the gateway listens (RINGMASTER_GATEWAY_URL, default http://127.0.0.1:8080)
      --key KEY         API key (RINGMASTER_API_KEY)
      --json            prints what the API answered, for programs
      --help            this text

    Examples
      ringmaster campaigns create --file deploy/demo/campaign.json
      ringmaster leads upload 0190b2c4-… leads.csv && ringmaster campaigns start 0190b2c4-…
      ringmaster calls list 0190b2c4-… --outcome qualified
      ringmaster rpc tcp://127.0.0.1:7001 ringmaster.v1.CampaignService/ListCampaigns '{"page": {"limit": 5}}'

    Exit codes: 0 done, 1 the service refused or failed, 64 wrong usage, 69 the gateway or service cannot be reached.
    """
}
