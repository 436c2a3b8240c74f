// Lets ThreadSanitizer see Swift's Mutex.
//
// Mutex's fast path is compiled into our code and so into the sanitizer's view. Under contention it calls these three
// functions of libswiftSynchronization, which is not instrumented and has the kernel pass the lock on (FUTEX_LOCK_PI):
// the sanitizer then reports every contended Mutex as a race. Here are the same functions in the open; the linker
// prefers them to the library's. Without the sanitizer this file is empty.
//
// Names and calling convention are those of Swift 6.3's `_MutexHandle`: its address comes in the context register.

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)

#include <sched.h>
#include <stdbool.h>
#include <stdint.h>

__attribute__((swiftcall)) void lock_slow(uint32_t thread, __attribute__((swift_context)) uint32_t *word)
    __asm__("$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");
__attribute__((swiftcall)) bool try_lock_slow(__attribute__((swift_context)) uint32_t *word)
    __asm__("$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF");
__attribute__((swiftcall)) void unlock_slow(__attribute__((swift_context)) uint32_t *word)
    __asm__("$s15Synchronization12_MutexHandleV11_unlockSlowyyF");

__attribute__((swiftcall)) void lock_slow(uint32_t thread, __attribute__((swift_context)) uint32_t *word) {
  for (;;) {
    uint32_t unlocked = 0;
    if (__atomic_compare_exchange_n(word, &unlocked, thread, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
      return;
    }
    sched_yield();
  }
}

__attribute__((swiftcall)) bool try_lock_slow(__attribute__((swift_context)) uint32_t *word) {
  (void)word;
  return false;
}

// Only called when the kernel knows of waiters, of which there are none here.
__attribute__((swiftcall)) void unlock_slow(__attribute__((swift_context)) uint32_t *word) {
  __atomic_store_n(word, 0, __ATOMIC_RELEASE);
}

#endif
#endif
