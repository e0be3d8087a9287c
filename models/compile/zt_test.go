package compile
import ("testing";"fmt";"math/rand/v2";"upset/npu/isa";"upset/npu";"bytes";"os";"strconv")
func TestZC(t *testing.T){
 lo,_:=strconv.Atoi(os.Getenv("LO")); hi,_:=strconv.Atoi(os.Getenv("HI"))
 bad:=0; cyc:=uint64(0)
 for seed:=uint64(lo);seed<uint64(hi);seed++{
  m:=randomModel(seed); c:=isa.Configs[seed%4]
  p,err:=Compile(m,Options{Config:c}); if err!=nil{continue}
  in:=make([]byte,m.Subgraphs[0].Tensors[m.Subgraphs[0].Inputs[0]].Bytes()); r:=rand.New(rand.NewPCG(seed,5)); for i:=range in{in[i]=byte(r.Uint32())}
  want:=execute(t,p,in)
  mem:=&isa.Memory{SRAM:bytes.Repeat([]byte{arenaFill},p.ArenaSize),Flash:append([]byte(nil),p.Flash...)}
  for len(mem.Flash)%16!=0||len(mem.Flash)==0{mem.Flash=append(mem.Flash,0)}
  for _,b:=range p.Inputs{copy(mem.SRAM[b.Offset:],in[:b.Bytes])}
  at:=len(mem.Flash)
  for _,w:=range p.Commands{mem.Flash=append(mem.Flash,byte(w),byte(w>>8),byte(w>>16),byte(w>>24))}
  mm:=npu.New(c,npu.DefaultSystem(),npu.ECCNone,mem); mm.Start(isa.FlashBase+uint32(at),4*len(p.Commands),[8]uint32{isa.FlashBase,isa.SRAMBase,isa.SRAMBase})
  st:=mm.Run(5_000_000)
  var got []byte; for _,b:=range p.Outputs{got=append(got,mem.SRAM[b.Offset:b.Offset+b.Bytes]...)}
  cyc+=mm.Cycle()
  if st!=npu.Done||!bytes.Equal(got,want){bad++; ops:=""; for i:=range m.Subgraphs[0].Operators{ops+=m.Subgraphs[0].Operators[i].Name()+" "}
   n:=0; for i:=range got{if got[i]!=want[i]{n++}}
   fmt.Println("seed",seed,c,st,mm.Cycle(),"differ",n,len(got),ops)}
 }
 fmt.Println("bad",bad,"cycles",cyc)
}
