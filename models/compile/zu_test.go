package compile
import ("testing";"fmt";"path/filepath";"upset/npu/isa";"upset/npu")
func TestZT(t *testing.T){
 c:=isa.U55x128
 m:=load(t,filepath.Join(shared(t),"models/vww_96_int8.tflite"))
 g,_:=lower(cut(m,17,19)); g.config=c; g.layout()
  for _,b:=range g.buffers{ if b.data==nil&&bricksPay(b){b.brick=true;b.size=b.h*b.w*roundUp(b.d,16)}}
  for i,k:=range g.kernels{k.chooseBlock(c,g.before(i)); k.encode(c)}
  flash:=g.placeFlash(); size,_:=g.placeArena(2<<20); words:=g.emit()
  for _,k:=range g.kernels{w:=-1; if k.wbuf!=nil{w=k.wbuf.offset}; fmt.Println(k.kind(),"ifm",k.ifm.buf.offset,k.ifm.buf.size,"ofm",k.ofm.buf.offset,k.ofm.buf.size,"w",w,len(k.code.data),k.code.scales,"flash",k.code.offset,k.blk)}
  mem:=&isa.Memory{SRAM:make([]byte,size),Flash:append(append([]byte(nil),flash...),make([]byte,16)...)}
  for len(mem.Flash)%16!=0{mem.Flash=append(mem.Flash,0)}
  atw:=len(mem.Flash)
  for _,w:=range words{mem.Flash=append(mem.Flash,byte(w),byte(w>>8),byte(w>>16),byte(w>>24))}
  mm:=npu.New(c,npu.DefaultSystem(),npu.ECCNone,mem); mm.Start(isa.FlashBase+uint32(atw),4*len(words),[8]uint32{isa.FlashBase,isa.SRAMBase,isa.SRAMBase})
  f:=g.kernels[0].filter
  prev:=uint8(0); n:=0
  for mm.Status()==npu.Running { mm.Step(); a:=&mm.S.AO
   for s:=range a.Ready{ _=s }
   s:=14
   if a.Ready[s]!=0&&prev==0 { fmt.Println("cycle",mm.Cycle(),"bias14",int64(a.Bias[s]<<24)>>24,a.Scale[s],a.Shift[s]); n++}
   prev=a.Ready[s]; if n>9{break}
  }
  for c:=14;c<128;c+=16{fmt.Println("want",c,f.bias[c],f.scale[c],f.shift[c])}
}
