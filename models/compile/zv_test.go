package compile
import ("testing";"fmt";"path/filepath";"upset/npu/isa";"upset/npu";"upset/npu/functional";"bytes";"os")
var dep bool
func TestZU(t *testing.T){
 c:=isa.U55x128
 m:=load(t,filepath.Join(shared(t),"models/vww_96_int8.tflite"))
 for variant,ft:=range [][2]int{{16,18},{17,19},{16,19},{15,18},{14,18},{10,18}}{
 g,err:=lower(cut(m,ft[0],ft[1])); if err!=nil{t.Fatal(err)}
 g.config=c; g.layout(); 
  for _,b:=range g.buffers{ if b.data==nil&&bricksPay(b){b.brick=true;b.size=b.h*b.w*roundUp(b.d,16)}}
  for i,k:=range g.kernels{k.chooseBlock(c,g.before(i)); k.encode(c)}
  if v:=os.Getenv("DEP");v!="" {dep=v=="0"}
  flash:=g.placeFlash(); size,_:=g.placeArena(2<<20); words:=g.emit()
  mk:=func()*isa.Memory{mem:=&isa.Memory{SRAM:make([]byte,size),Flash:append(append([]byte(nil),flash...),make([]byte,16)...)}
  for i:=range mem.SRAM{mem.SRAM[i]=byte(i*7)}
  at:=(len(mem.Flash)+15)&^15; for len(mem.Flash)<at{mem.Flash=append(mem.Flash,0)}
  for _,w:=range words{mem.Flash=append(mem.Flash,byte(w),byte(w>>8),byte(w>>16),byte(w>>24))}; return mem}
  a,b:=mk(),mk()
  atw:=len(a.Flash)-4*len(words)
  bases:=[8]uint32{isa.FlashBase,isa.SRAMBase,isa.SRAMBase}
  mm:=npu.New(c,npu.DefaultSystem(),npu.ECCNone,a); mm.Start(isa.FlashBase+uint32(atw),4*len(words),bases)
  fmt.Println(variant,mm.Run(20_000_000),mm.Cycle())
  functional.New(c,b,bases).Run(words)
  fmt.Println(bytes.Equal(a.SRAM,b.SRAM))
 }
}
