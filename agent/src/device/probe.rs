//! Proves that a device works: it computes a few numbers, which are read back and compared.
//!
//! A driver may crash or hang on it, so it is done in a separate process: `autoresearch probe DEVICE`.

use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use wgpu::{BufferUsages, MapMode, PollType};

use super::listing::{describe, found, ready};
use super::{Adapter, Device};

/// How many numbers are computed.
const NUMBERS: u32 = 1 << 16;
const GROUP: u32 = 64;
const BYTES: u64 = NUMBERS as u64 * 4;

/// Every number depends on its place, so that memory left over from before cannot pass for them.
const SHADER: &str = "
@group(0) @binding(0) var<storage, read_write> numbers: array<u32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    numbers[id.x] = id.x * 2654435761u + 1u;
}";

/// A queue that does not come back in this time hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// Computes on the device that a word names, and checks the numbers; returns its description.
pub(crate) fn probe(word: &str) -> Result<String> {
    let device = Device::named(word).with_context(|| format!("unknown device '{word}'"))?;
    let found = found();
    let adapters: Vec<Adapter> = found.iter().map(describe).collect();
    let place = device.place(&adapters).with_context(|| format!("there is no device {word}"))?;
    let numbers = compute(&found[place])?;
    match numbers.iter().zip(0u32..).find(|(number, place)| **number != expected(*place)) {
        None if numbers.len() == NUMBERS as usize => Ok(adapters[place].to_string()),
        None => bail!("{} numbers came back instead of {NUMBERS}", numbers.len()),
        Some((number, place)) => bail!("it computes {number} instead of {}", expected(place)),
    }
}

fn expected(place: u32) -> u32 {
    place.wrapping_mul(2_654_435_761).wrapping_add(1)
}

fn compute(adapter: &wgpu::Adapter) -> Result<Vec<u32>> {
    let limits = adapter.limits();
    let opened = ready(adapter.request_device(&wgpu::DeviceDescriptor {
        required_limits: limits,
        ..wgpu::DeviceDescriptor::default()
    }));
    let (device, queue) =
        opened.context("the device does not open at once")?.context("it cannot be opened")?;
    let buffer = |usage| {
        device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: BYTES,
            usage,
            mapped_at_creation: false,
        })
    };
    let numbers = buffer(BufferUsages::STORAGE | BufferUsages::COPY_SRC);
    let back = buffer(BufferUsages::MAP_READ | BufferUsages::COPY_DST);
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: None,
        source: wgpu::ShaderSource::Wgsl(SHADER.into()),
    });
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: None,
        layout: None,
        module: &module,
        entry_point: None,
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    });
    let entry = wgpu::BindGroupEntry { binding: 0, resource: numbers.as_entire_binding() };
    let group = device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: None,
        layout: &pipeline.get_bind_group_layout(0),
        entries: &[entry],
    });
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
    pass.set_pipeline(&pipeline);
    pass.set_bind_group(0, &group, &[]);
    pass.dispatch_workgroups(NUMBERS / GROUP, 1, 1);
    drop(pass);
    encoder.copy_buffer_to_buffer(&numbers, 0, &back, 0, BYTES);
    queue.submit([encoder.finish()]);

    let (mapped, is_mapped) = mpsc::channel();
    back.map_async(MapMode::Read, .., move |done| drop(mapped.send(done)));
    device
        .poll(PollType::Wait { submission_index: None, timeout: Some(PATIENCE) })
        .context("it does not answer")?;
    is_mapped.try_recv().context("its memory was not handed over")?.context("its memory cannot be read")?;
    let bytes = back.get_mapped_range(..).context("its memory cannot be read")?;
    Ok(bytes.chunks_exact(4).map(|four| u32::from_ne_bytes(four.try_into().expect("four bytes"))).collect())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_software_device_computes_what_is_expected() {
        match probe("software") {
            Ok(described) => assert!(described.contains("software renderer"), "{described}"),
            Err(error) if error.to_string().contains("no device software") => {
                // Bypasses the test harness, which would hide it.
                let _ = writeln!(std::io::stderr(), "SKIPPED: there is no software Vulkan device to probe");
            }
            Err(error) => panic!("{error:#}"),
        }
    }

    #[test]
    fn a_device_that_does_not_exist_does_not_work() {
        assert!(probe("tpu").unwrap_err().to_string().contains("unknown device 'tpu'"));
        assert!(probe("wgpu:99").unwrap_err().to_string().contains("no device wgpu:99"));
    }
}
