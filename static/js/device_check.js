// The device check before a video visit: <section data-device-check> asks for camera and microphone on a click, shows the picture to
// its owner and how loud they are, and lets go of both. Nothing is recorded, and nothing leaves this page.
const REFUSED = { NotAllowedError: "denied", SecurityError: "denied", NotFoundError: "missing", NotReadableError: "busy" };

for (const place of document.querySelectorAll("[data-device-check]")) {
  const [start, stop] = [place.querySelector("[data-start]"), place.querySelector("[data-stop]")];
  const [picture, level, said] = [place.querySelector("video"), place.querySelector("meter"), place.querySelector("[data-said]")];
  let stream = null;
  let sound = null;

  const say = (key) => {
    said.textContent = place.dataset[key] ?? "";
  };

  const show = (running) => {
    start.hidden = running;
    for (const one of [stop, picture, level.closest("label")]) one.hidden = !running;
  };

  const end = () => {
    for (const track of stream?.getTracks() ?? []) track.stop();
    sound?.close();
    [stream, sound, picture.srcObject] = [null, null, null];
    show(false);
  };

  const listen = () => {
    sound = new AudioContext();
    const hearing = sound.createAnalyser();
    sound.createMediaStreamSource(stream).connect(hearing);
    const wave = new Uint8Array(hearing.fftSize);
    const draw = () => {
      if (!stream) return;
      hearing.getByteTimeDomainData(wave);
      level.value = Math.max(...wave.map((one) => Math.abs(one - 128))) / 128;
      requestAnimationFrame(draw);
    };
    draw();
  };

  const begin = async () => {
    say("asking");
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
    } catch (error) {
      say(REFUSED[error.name] ?? "failed");
      return;
    }
    picture.srcObject = stream;
    show(true);
    listen();
    say("works");
  };

  start.addEventListener("click", begin);
  stop.addEventListener("click", () => {
    end();
    say("over");
  });
  addEventListener("pagehide", end);
  place.hidden = !navigator.mediaDevices;
}
