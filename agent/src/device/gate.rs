//! The gate of a device: what may be built and trained on it at the same time, and what puts it in doubt.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tracing::debug;

use super::{Adapter, Device};

/// More runs than ever train on a processor at a time.
const PLACES: u32 = 1 << 10;

/// The gates of any number of slots: these take the devices in turns, and all of one device share its gate.
/// `bears_builds`: whether a run on the processor is measured alike while something builds.
pub(crate) fn gates(
    devices: &[Device],
    adapters: &[Adapter],
    bears_builds: bool,
) -> impl Iterator<Item = Gate> {
    let driver = |device: Device| Some(adapters[device.place(adapters)?].driver.clone());
    let gate = |device: &Device| Gate::new(*device, driver(*device), bears_builds);
    let gates: Vec<Gate> = devices.iter().map(gate).collect();
    (0..).map(move |slot| gates[slot % gates.len()].clone())
}

/// Shared by all slots of a device.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    pub(crate) device: Device,
    /// The device's driver, as it calls itself; `None` if it needs none.
    pub(crate) driver: Option<String>,
    /// Why the device may not work; `None` once a probe has shown that it does.
    pub(crate) doubt: Arc<Mutex<Option<String>>>,
    places: Arc<Semaphore>,
    /// How many places a build takes; a training takes one.
    to_build: u32,
}

impl Gate {
    /// On the processor several runs train at a time, and nothing builds meanwhile unless their budget bears that. A GPU
    /// trains one program at a time, and builds do not disturb it.
    pub(crate) fn new(device: Device, driver: Option<String>, bears_builds: bool) -> Self {
        let (places, to_build) = match (device.is_gpu(), bears_builds) {
            (true, _) => (1, 0),
            (false, true) => (PLACES, 0),
            (false, false) => (PLACES, PLACES),
        };
        let untried = device.is_wgpu().then(|| "nothing has run on it yet".to_owned());
        Self {
            device,
            driver,
            doubt: Arc::new(Mutex::new(untried)),
            places: Arc::new(Semaphore::new(places as usize)),
            to_build,
        }
    }

    /// Waits until a build disturbs nothing, and keeps it so.
    pub(crate) async fn enter_to_build(&self) -> OwnedSemaphorePermit {
        self.enter(self.to_build).await
    }

    /// Waits until nothing disturbs a training, and keeps it so.
    pub(crate) async fn enter_to_train(&self) -> OwnedSemaphorePermit {
        self.enter(1).await
    }

    async fn enter(&self, places: u32) -> OwnedSemaphorePermit {
        let asked = Instant::now();
        let entered = Arc::clone(&self.places).acquire_many_owned(places).await;
        debug!(device = %self.device, places, waited = ?asked.elapsed(), "entered");
        entered.expect("a gate is never closed")
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::time::Duration;

    use super::*;

    async fn waits<T>(entry: impl Future<Output = T>) -> bool {
        tokio::time::timeout(Duration::from_millis(20), entry).await.is_err()
    }

    #[tokio::test]
    async fn on_the_processor_several_train_and_nothing_builds_meanwhile() {
        for device in [Device::Processor, Device::Software] {
            let gate = Gate::new(device, None, false);
            let first = gate.enter_to_train().await;
            let second = gate.clone().enter_to_train().await;
            assert!(waits(gate.enter_to_build()).await);
            drop((first, second));
            let _build = gate.enter_to_build().await;
            assert!(waits(gate.enter_to_train()).await && waits(gate.enter_to_build()).await);
        }
    }

    #[tokio::test]
    async fn builds_go_on_beside_runs_whose_budget_bears_it() {
        let gate = Gate::new(Device::Processor, None, true);
        let _training = gate.enter_to_train().await;
        let _build = gate.enter_to_build().await;
        assert!(!waits(gate.enter_to_train()).await);
    }

    #[tokio::test]
    async fn a_gpu_trains_one_program_at_a_time_while_builds_go_on() {
        let gate = Gate::new(Device::Gpu(1), None, false);
        let training = gate.clone().enter_to_train().await;
        let _builds = (gate.enter_to_build().await, gate.enter_to_build().await);
        assert!(waits(gate.enter_to_train()).await);
        // A build need not even wait behind a training that waits.
        let waiting = tokio::spawn({
            let gate = gate.clone();
            async move { drop(gate.enter_to_train().await) }
        });
        tokio::task::yield_now().await;
        assert!(!waits(gate.enter_to_build()).await);
        drop(training);
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn slots_take_the_devices_in_turns_and_share_the_gate_of_each() {
        let slots: Vec<Gate> = gates(&[Device::Gpu(0), Device::Gpu(1)], &[], false).take(3).collect();
        let devices = slots.iter().map(|gate| gate.device).collect::<Vec<_>>();
        assert_eq!(devices, [Device::Gpu(0), Device::Gpu(1), Device::Gpu(0)]);
        let _training = slots[0].enter_to_train().await;
        assert!(!waits(slots[1].enter_to_train()).await && waits(slots[2].enter_to_train()).await);
    }

    #[tokio::test]
    async fn only_what_has_a_driver_is_doubted_before_it_has_run() {
        assert!(Gate::new(Device::Gpu(0), None, false).doubt.lock().await.is_some());
        assert!(Gate::new(Device::Processor, None, false).doubt.lock().await.is_none());
    }
}
