// Announces render nodes by mDNS, from an address of this machine, until it is killed; says "ready" when it begins.
// Arguments: the address; how many nodes with ever new ids in each hundredth of a second, or the id of one that is there.
import { randomBytes } from "node:crypto";
import { createSocket } from "node:dgram";

const [address, what] = process.argv.slice(2);
const isFlood = /^\d{1,4}$/.test(what);

const name = (text) =>
  Buffer.concat(text.split(".").map((label) => Buffer.from([label.length, ...Buffer.from(label)])));
const whole = (text) => Buffer.concat([name(text), Buffer.from([0])]);

function record(owner, type, data) {
  const head = Buffer.alloc(10);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(1, 2);
  head.writeUInt32BE(120, 4);
  head.writeUInt16BE(data.length, 8);
  return Buffer.concat([whole(owner), head, data]);
}

function announcement(id) {
  const service = "_renderfarm._tcp.local";
  const instance = `${id.slice(0, 8)}.${service}`;
  const texts = ["v=1", `id=${id}`, `name=${id.slice(0, 4)}`, "blender=3.4.1", "slots=1", "state=idle", "key=c0ffee42"];
  const port = Buffer.from([0, 0, 0, 0, 7447 >> 8, 7447 & 255]);
  const answers = [
    record(service, 12, whole(instance)),
    record(instance, 33, Buffer.concat([port, whole(`${id}.local`)])),
    record(instance, 16, Buffer.concat(texts.map((text) => Buffer.from([text.length, ...Buffer.from(text)])))),
    record(`${id}.local`, 1, Buffer.from(address.split(".").map(Number))),
  ];
  return Buffer.concat([Buffer.from([0, 0, 0x84, 0, 0, 0, 0, answers.length, 0, 0, 0, 0]), ...answers]);
}

const socket = createSocket({ type: "udp4", reuseAddr: true });
socket.bind(5353, "0.0.0.0", () => {
  socket.setMulticastInterface(address);
  setInterval(
    () => {
      const ids = isFlood ? Array.from({ length: Number(what) }, () => randomBytes(16).toString("hex")) : [what];
      for (const id of ids) socket.send(announcement(id), 5353, "224.0.0.251");
    },
    isFlood ? 10 : 500,
  );
  console.log("ready");
});
