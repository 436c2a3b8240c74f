/// Delivers a call's callbacks, one after the other, unless the network misbehaves.
struct CallbackDelivery: Sendable {
  let call: Call
  let network: CallNetwork

  /// Returns when the last one was delivered. Twilio does not tell of callbacks that got lost, and sends the next ones all
  /// the same.
  func run() async {
    await withDiscardingTaskGroup { group in
      var held: Webhook?
      while let webhook = try? await call.callbacks.next() {
        let mishap = network.mischief.next(.callback, about: call.number)
        if let mishap { call.change { $0.misbehavior.append(mishap.kind) } }
        switch mishap?.kind {
        case .callbackLost: continue
        case .callbackReordered where held == nil:
          held = webhook
          continue
        case .callbackLate:
          group.addTask {
            guard (try? await network.clock.sleep(for: mishap?.delay ?? .zero)) != nil else { return }
            _ = await network.webhooks.send(webhook)
          }
          continue
        case .callbackDuplicated: _ = await network.webhooks.send(webhook)
        default: break
        }
        _ = await network.webhooks.send(webhook)
        if let earlier = held.take() { _ = await network.webhooks.send(earlier) }
      }
      if let held { _ = await network.webhooks.send(held) }
    }
  }
}
